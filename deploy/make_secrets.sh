#!/bin/sh
# Make the passwords of the two servers' administrators for deploy/compose.yaml, unless they are there.
# The folder is closed to others; the files aren't, since each container reads its own under another user id.
set -eu

folder=$(cd "$(dirname "$0")" && pwd -P)/secrets
administrator=nextgen_admin

new_password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# Written under another name first, so that a run cut short leaves no half of a file.
keep() { printf '%s\n' "$2" > "$folder/.$1.new" && chmod 0644 "$folder/.$1.new" && mv "$folder/.$1.new" "$folder/$1"; }

mkdir -p "$folder"
chmod 0700 "$folder"
if [ -e "$folder/complete" ]; then
    echo "the secrets in $folder stay as they are" >&2
    exit 0
fi

postgres=$(new_password)
rabbitmq=$(new_password)
keep postgres_password "$postgres"
keep database_admin_url "postgresql://$administrator:$postgres@postgres:5432/postgres"
keep rabbitmq_administrator.conf "default_user = $administrator
default_pass = $rabbitmq
default_user_tags.administrator = true"
keep broker_admin_url "http://$administrator:$rabbitmq@rabbitmq:15672"
keep smtp_password "${SMTP_PASSWORD:-}"
keep complete ""
echo "made the secrets in $folder" >&2

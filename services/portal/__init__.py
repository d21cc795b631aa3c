"""The web edge: people's pages, existing PACER clients, courts' machines, and the JSON API.

It owns nothing but cookies, accepts HTTP, and speaks to the services by requests alone. Who somebody is, and
what they may do, the services decide: from an assertion, never from what the edge says.
"""

"""The pages, each with its address."""

from litestar.handlers import HTTPRouteHandler

from services.portal.pages import (
    asking_for_mail,
    home,
    mailed_links,
    my_courts,
    my_quarter,
    registering,
    signing_in,
)

PAGES: tuple[HTTPRouteHandler, ...] = (
    home.show,
    registering.show,
    registering.register,
    registering.show_registered,
    signing_in.show_sign_in,
    signing_in.sign_in,
    signing_in.sign_out,
    signing_in.show_proof,
    signing_in.prove_again,
    *mailed_links.ROUTES,
    *asking_for_mail.ROUTES,
    *my_courts.ROUTES,
    *my_quarter.ROUTES,
)

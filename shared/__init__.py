"""What all services share: the messages they exchange and the means to exchange them; knows no service."""

"""What programs ask: the PACER Authentication API, courts' machines, and the JSON API."""

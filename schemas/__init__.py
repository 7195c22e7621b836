"""The contract: what seeds may hold and what answers hold. Knows neither the web nor the database."""

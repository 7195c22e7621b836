"""Between the server and the application: limits, whole answers kept, conditional and partial answers, and what is counted of them."""

"""What `rhythm up` keeps alive: Prefect's server and the worker in one process."""

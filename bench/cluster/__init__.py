"""A primary, replicas, a pooler, a balancer and several nodes on one machine: what they answer, and what breaks when one does."""

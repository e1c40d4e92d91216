"""What carries the code to production: pipelines, images, deployments, servers."""

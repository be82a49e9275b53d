"""The worker's side of a job: claims, inputs, outcomes and what is stored of them."""

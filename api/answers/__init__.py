"""Making answers: jobs, files and documents, and every refusal as a problem."""

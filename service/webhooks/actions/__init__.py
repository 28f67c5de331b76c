"""What is done about webhooks: following facts, fanning out, claiming, settling; endpoints and their keys."""

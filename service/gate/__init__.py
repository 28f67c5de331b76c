"""What every HTTP door needs: transaction per request, guard, problems, conditional requests, middleware."""

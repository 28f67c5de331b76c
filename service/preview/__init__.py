"""What would go out between two instants, to whom, and why not: asked, never sent."""

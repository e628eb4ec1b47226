"""The pages: states hold views, never the truth, and reach the running services by one accessor."""

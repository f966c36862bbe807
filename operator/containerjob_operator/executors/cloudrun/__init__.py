"""Jobs on Google Cloud Run: a location of a project is the engine, a Cloud Run Job the container of one attempt."""

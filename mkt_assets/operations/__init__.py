"""Looking after a home over months: is it sound (doctor), what may go (gc), who must go (forget)."""

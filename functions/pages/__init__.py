"""What browsers load: the widget, a survey's questions, and the page behind a survey link. GET never writes."""

"""AWS on a laptop: the same template.yaml, deployed to an embedded emulator on 127.0.0.1."""

"""`celery -A worker.app worker`: the application that Celery's command line finds."""

from backplane.queue import make_celery
from backplane.settings import load_settings
from worker import broker

broker.install()
app = make_celery(load_settings())
app.set_default()
app.conf.imports = ("worker.tasks", "worker.lifecycle")

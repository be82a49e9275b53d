"""`celery -A worker.app worker`: the application that Celery's command line finds."""

from celery.signals import import_modules

from backplane.queue import make_celery
from backplane.settings import load_settings
from worker import broker, counting

broker.install()
# Before `imports` below, which lead to the metrics: how they are counted is settled when they are made.
import_modules.connect(counting.prepare)
app = make_celery(load_settings())
app.set_default()
app.conf.imports = ("worker.tasks", "worker.lifecycle")

"""The Celery application, for the command `celery -A worker.app worker`."""

from celery.signals import import_modules

from backplane.queue import make_celery
from backplane.settings import load_settings
from worker import broker, counting

broker.install()
# Before `imports` below, which import the metrics: the way of counting is fixed when a metric is created.
import_modules.connect(counting.prepare)
app = make_celery(load_settings())
app.set_default()
app.conf.imports = ("worker.tasks", "worker.lifecycle")
app.steps["consumer"].add("worker.presence:Presence")

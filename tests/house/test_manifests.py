"""Kubernetes manifests (S31): every pod template follows the profile "restricted" and a little more."""

import copy

import pytest
import yaml

from backplane.addresses import GLOBAL_UNICAST, NOT_PUBLIC, PUBLIC_PORTS
from backplane.settings import Settings
from backplane.smtp_url import PORTS
from imageshield.servers.system import UNWINDING_SECONDS

API_STOP_SECONDS = 25
"""The gateway's own longest stop, which the cluster must wait for on top of `preStop`."""


@pytest.fixture(scope="module")
def kustomization(root):
    return yaml.safe_load((root / "k8s/kustomization.yaml").read_text())


@pytest.fixture(scope="module")
def manifests(root, kustomization):
    return [
        found
        for name in kustomization["resources"]
        for found in yaml.safe_load_all((root / "k8s" / name).read_text())
        if found
    ]


@pytest.fixture(scope="module")
def templates(manifests):
    return {
        found["metadata"]["name"]: found["spec"]["template"]
        for found in manifests
        if "template" in found.get("spec", {})
    }


def of_kind(manifests, kind):
    return {found["metadata"]["name"]: found for found in manifests if found["kind"] == kind}


def faults(spec, *, serves):
    """List what is wrong with a pod's specification."""
    pod = spec.get("securityContext", {})
    found = [
        "token is mounted" if spec.get("automountServiceAccountToken") is not False else "",
        "service account is not ours" if spec.get("serviceAccountName") != "imageshield" else "",
        "may run as root" if pod.get("runAsNonRoot") is not True else "",
        "does not run as 1001" if (pod.get("runAsUser"), pod.get("runAsGroup")) != (1001, 1001) else "",
        "seccomp is not RuntimeDefault" if pod.get("seccompProfile") != {"type": "RuntimeDefault"} else "",
        "shares a namespace of the host"
        if any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC"))
        else "",
        "mounts the host" if any("hostPath" in volume for volume in spec.get("volumes", [])) else "",
        "writable volume without a limit"
        if any("emptyDir" in volume and not volume["emptyDir"].get("sizeLimit") for volume in spec.get("volumes", []))
        else "",
        "not spread" if serves and not spec.get("topologySpreadConstraints") else "",
        "no time to stop" if spec.get("terminationGracePeriodSeconds", 0) < 30 else "",
    ]
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        found += faults_of_container(container)
    return [fault for fault in found if fault]


def faults_of_container(container):
    context = container.get("securityContext", {})
    limits = container.get("resources", {}).get("limits", {})
    requests = container.get("resources", {}).get("requests", {})
    keys = [mount for mount in container.get("volumeMounts", []) if mount["name"] == "keys"]
    return [
        "may gain privileges" if context.get("allowPrivilegeEscalation") is not False else "",
        "is privileged" if context.get("privileged") else "",
        "root file system is writable" if context.get("readOnlyRootFilesystem") is not True else "",
        "keeps capabilities" if context.get("capabilities") != {"drop": ["ALL"]} else "",
        "runs as somebody else" if {"runAsUser", "runAsNonRoot", "seccompProfile"} & set(context) else "",
        "no limits" if not {"cpu", "memory", "ephemeral-storage"} <= set(limits) else "",
        "no requests" if not {"cpu", "memory", "ephemeral-storage"} <= set(requests) else "",
        "opens a port of the host" if any("hostPort" in port for port in container.get("ports", [])) else "",
        "secret in the manifest" if any("value" in entry for entry in container.get("env", [])) else "",
        "can write its keys" if any(mount.get("readOnly") is not True for mount in keys) else "",
    ]


class TestPodTemplates:
    def test_are_those_of_the_four_processes(self, templates):
        assert set(templates) == {"api", "worker", "relay", "migration"}

    def test_follow_the_policy(self, templates):
        for name, template in templates.items():
            assert faults(template["spec"], serves=name != "migration") == [], name

    def test_namespace_enforces_the_restricted_profile(self, manifests):
        labels = of_kind(manifests, "Namespace")["imageshield"]["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"

    def test_only_the_gateway_gets_the_signing_key(self, templates):
        for name, template in templates.items():
            for volume in template["spec"]["volumes"]:
                if volume["name"] == "keys" and name != "api":
                    assert [item["key"] for item in volume["secret"]["items"]] == ["vault.key"], name


BREAKS = {
    "token is mounted": lambda pod, _: pod.pop("automountServiceAccountToken"),
    "service account is not ours": lambda pod, _: pod.pop("serviceAccountName"),
    "may run as root": lambda pod, _: pod["securityContext"].update(runAsNonRoot=False),
    "does not run as 1001": lambda pod, _: pod["securityContext"].update(runAsUser=0),
    "seccomp is not RuntimeDefault": lambda pod, _: pod["securityContext"].pop("seccompProfile"),
    "shares a namespace of the host": lambda pod, _: pod.update(hostPID=True),
    "mounts the host": lambda pod, _: pod["volumes"].append({"name": "etc", "hostPath": {"path": "/etc"}}),
    "writable volume without a limit": lambda pod, _: pod["volumes"].append({"name": "more", "emptyDir": {}}),
    "not spread": lambda pod, _: pod.pop("topologySpreadConstraints"),
    "no time to stop": lambda pod, _: pod.update(terminationGracePeriodSeconds=5),
    "may gain privileges": lambda _, one: one["securityContext"].pop("allowPrivilegeEscalation"),
    "is privileged": lambda _, one: one["securityContext"].update(privileged=True),
    "root file system is writable": lambda _, one: one["securityContext"].update(readOnlyRootFilesystem=False),
    "keeps capabilities": lambda _, one: one["securityContext"]["capabilities"].update(add=["NET_RAW"]),
    "runs as somebody else": lambda _, one: one["securityContext"].update(runAsUser=0),
    "no limits": lambda _, one: one["resources"]["limits"].pop("memory"),
    "no requests": lambda _, one: one["resources"].pop("requests"),
    "opens a port of the host": lambda _, one: one.update(ports=[{"containerPort": 8000, "hostPort": 8000}]),
    "secret in the manifest": lambda _, one: one.update(env=[{"name": "DATABASE_URL", "value": "postgresql://"}]),
    "can write its keys": lambda _, one: one["volumeMounts"][1].update(readOnly=False),
}


class TestPolicy:
    """Each fault is found by the check that is written for it."""

    @pytest.mark.parametrize("fault", sorted(BREAKS))
    def test_finds(self, templates, fault):
        spec = copy.deepcopy(templates["api"]["spec"])
        BREAKS[fault](spec, spec["containers"][0])
        assert faults(spec, serves=True) == [fault]

    def test_looks_into_init_containers_too(self, templates):
        spec = copy.deepcopy(templates["api"]["spec"])
        spec["initContainers"] = [{"name": "first", "image": "x"}]
        assert "root file system is writable" in faults(spec, serves=True)


class TestProbes:
    def test_gateway_lives_by_health_and_serves_by_ready(self, templates):
        (container,) = templates["api"]["spec"]["containers"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/health"
        assert container["readinessProbe"]["httpGet"]["path"] == "/ready"

    @pytest.mark.parametrize("name", ["worker", "relay"])
    def test_worker_and_relay_live_by_their_alive_file(self, templates, name):
        (container,) = templates[name]["spec"]["containers"]
        assert container["livenessProbe"]["exec"]["command"] == ["python", "-m", "backplane.alive", name]

    def test_gateway_gets_its_time_to_stop(self, templates):
        spec = templates["api"]["spec"]
        (container,) = spec["containers"]
        pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert spec["terminationGracePeriodSeconds"] >= pause + API_STOP_SECONDS

    def test_worker_gets_its_time_to_stop(self, templates):
        stop = Settings.model_fields["worker_stop_seconds"].default + UNWINDING_SECONDS
        assert templates["worker"]["spec"]["terminationGracePeriodSeconds"] >= stop


class TestReferences:
    def test_kustomization_lists_every_file_but_the_example(self, root, kustomization):
        files = {path.name for path in (root / "k8s").glob("*.yaml")} - {"kustomization.yaml", "secret.example.yaml"}
        assert set(kustomization["resources"]) == files

    def test_images_are_those_that_the_kustomization_sets(self, kustomization, templates):
        used = {container["image"] for template in templates.values() for container in template["spec"]["containers"]}
        assert used == {image["name"] for image in kustomization["images"]}

    def test_everything_that_a_pod_names_exists(self, root, manifests, templates):
        examples = [found for found in yaml.safe_load_all((root / "k8s/secret.example.yaml").read_text()) if found]
        secrets, maps = of_kind(examples, "Secret"), of_kind(manifests, "ConfigMap")
        claims, accounts = of_kind(manifests, "PersistentVolumeClaim"), of_kind(manifests, "ServiceAccount")
        for template in templates.values():
            assert template["spec"]["serviceAccountName"] in accounts
            for volume in template["spec"]["volumes"]:
                assert "secret" not in volume or volume["secret"]["secretName"] in secrets
                assert "persistentVolumeClaim" not in volume or volume["persistentVolumeClaim"]["claimName"] in claims
            for container in template["spec"]["containers"]:
                assert {mount["name"] for mount in container["volumeMounts"]} == {
                    v["name"] for v in template["spec"]["volumes"]
                }
                for source in container["envFrom"]:
                    assert (
                        source["secretRef"]["name"] in secrets
                        if "secretRef" in source
                        else source["configMapRef"]["name"] in maps
                    )

    def test_settings_exist_and_required_ones_are_given(self, root, manifests):
        examples = [found for found in yaml.safe_load_all((root / "k8s/secret.example.yaml").read_text()) if found]
        given = {
            *of_kind(manifests, "ConfigMap")["imageshield"]["data"],
            *of_kind(examples, "Secret")["imageshield"]["stringData"],
        }
        assert given <= {name.upper() for name in Settings.model_fields}
        assert {name.upper() for name, field in Settings.model_fields.items() if field.is_required()} <= given

    def test_every_container_gets_all_that_is_set(self, templates):
        for name, template in templates.items():
            for container in template["spec"]["containers"]:
                expected = [{"configMapRef": {"name": "imageshield"}}, {"secretRef": {"name": "imageshield"}}]
                owner = [{"secretRef": {"name": "imageshield-owner"}}] if name == "migration" else []
                assert container["envFrom"] == expected + owner, name
                assert "env" not in container, name

    def test_example_holds_no_secret(self, root):
        for secret in yaml.safe_load_all((root / "k8s/secret.example.yaml").read_text()):
            assert set(secret["stringData"].values()) == {""}

    def test_every_selector_selects_one_of_our_pods(self, manifests, templates):
        labels = [template["metadata"]["labels"] for template in templates.values()]
        for kind in ("Deployment", "PodDisruptionBudget"):
            for found in of_kind(manifests, kind).values():
                assert found["spec"]["selector"]["matchLabels"] in labels, found["metadata"]["name"]
        for service in of_kind(manifests, "Service").values():
            assert service["spec"]["selector"] in labels
        for scaler in of_kind(manifests, "HorizontalPodAutoscaler").values():
            assert scaler["spec"]["scaleTargetRef"]["name"] in of_kind(manifests, "Deployment")


class TestAvailability:
    def test_every_deployment_has_a_disruption_budget(self, manifests):
        assert set(of_kind(manifests, "PodDisruptionBudget")) == set(of_kind(manifests, "Deployment"))

    def test_gateway_and_worker_scale_from_two(self, manifests):
        """Their deployments set no number of replicas."""
        scalers = of_kind(manifests, "HorizontalPodAutoscaler")
        assert set(scalers) == {"api", "worker"}
        for name, scaler in scalers.items():
            assert scaler["spec"]["minReplicas"] >= 2
            assert "replicas" not in of_kind(manifests, "Deployment")[name]["spec"]


class TestNetwork:
    def test_only_the_relay_reaches_the_internet(self, manifests):
        """It reaches the public addresses and ports to which webhooks may go."""
        leaving = {
            name: policy["spec"]
            for name, policy in of_kind(manifests, "NetworkPolicy").items()
            if "ipBlock" in str(policy["spec"].get("egress"))
        }
        assert set(leaving) == {"webhooks", "mail"}
        for spec in leaving.values():
            assert spec["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "relay"}}
        spec = leaving["webhooks"]
        (rule,) = spec["egress"]
        assert {one["port"] for one in rule["ports"]} == PUBLIC_PORTS
        blocks = [one["ipBlock"] for one in rule["to"]]
        assert {block["cidr"] for block in blocks} == {"0.0.0.0/0", str(GLOBAL_UNICAST)}
        assert {text for block in blocks for text in block["except"]} == set(map(str, NOT_PUBLIC))

    def test_relay_reaches_the_ports_of_mail_submission(self, manifests):
        (rule,) = of_kind(manifests, "NetworkPolicy")["mail"]["spec"]["egress"]
        assert {one["port"] for one in rule["ports"]} == set(PORTS.values())

    def test_everything_is_denied_by_default(self, manifests):
        policy = of_kind(manifests, "NetworkPolicy")["default-deny"]["spec"]
        assert policy == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}

    def test_each_opening_names_peers_and_ports(self, manifests):
        for name, policy in of_kind(manifests, "NetworkPolicy").items():
            spec = policy["spec"]
            for rule in [*spec.get("ingress", []), *spec.get("egress", [])]:
                assert rule.get("from") or rule.get("to"), name
                assert rule["ports"], name

    def test_only_gateway_and_metrics_accept_connections(self, manifests):
        called = {
            name: policy["spec"]["podSelector"]
            for name, policy in of_kind(manifests, "NetworkPolicy").items()
            if policy["spec"].get("ingress")
        }
        scraped = {"key": "app.kubernetes.io/name", "operator": "In", "values": ["relay", "worker"]}
        assert called == {
            "callers": {"matchLabels": {"app.kubernetes.io/name": "api"}},
            "metrics": {"matchExpressions": [scraped]},
        }

    def test_metrics_are_served_where_they_are_scraped(self, manifests, templates):
        given = of_kind(manifests, "ConfigMap")["imageshield"]["data"]
        port = int(given["METRICS_PORT"])
        assert given["METRICS_HOST"] == "0.0.0.0"  # noqa: S104 - compared, not bound
        [rule] = of_kind(manifests, "NetworkPolicy")["metrics"]["spec"]["ingress"]
        assert rule["ports"] == [{"protocol": "TCP", "port": port}]
        for name in ("relay", "worker"):
            [container] = templates[name]["spec"]["containers"]
            assert container["ports"] == [{"name": "metrics", "containerPort": port}]

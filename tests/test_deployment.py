"""What deploy/ starts does start: manifests, chart, compose files and unit are read, and what they
set is a configuration.

PyYAML comes with the development dependencies. Helm is asked where it is installed, and so is
systemd. Whether the manifests have the fields that Kubernetes knows is looked at by
kubernetes-validate, and the compose files by the schema of the Compose specification: CI does both.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import strictgate
from strictgate.commands.main import main
from strictgate.commands.start_checks import check_settings
from strictgate.settings.loading import Settings, SettingsError, load
from tests.gates import gate

yaml = pytest.importorskip("yaml", reason="PyYAML is one of the development dependencies")

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "strictgate"
UNIT = DEPLOY / "systemd" / "strictgate.service"
IMAGE = f"ghcr.io/strictgate/strictgate:{strictgate.__version__}"
KEYS = {"GROQ_API_KEY": "gsk", "STRICTGATE_SERVER__API_KEYS": "one,two"}
"""What the Secret holds that shared.yaml and the chart ask for."""
OF_THE_IMAGE = dict(re.findall(r"(STRICTGATE_\w+)=(\S+)", (ROOT / "Dockerfile").read_text()))
"""The variables that the image sets."""
HELM = shutil.which("helm")
needs_helm = pytest.mark.skipif(HELM is None, reason="helm is not installed")


def documents(text):
    """The objects of a file of manifests, by their kind."""
    return {each["kind"]: each for each in yaml.safe_load_all(text) if each}


def manifest(name):
    return documents((DEPLOY / "kubernetes" / name).read_text())


def rendered(*options):
    """What Helm makes of the chart."""
    command = [str(HELM), "template", "strictgate", str(CHART), *options]
    return documents(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def pod(objects):
    return objects["Deployment"]["spec"]["template"]["spec"]


def gateway(objects):
    """The container that is Strictgate's."""
    found = [*pod(objects).get("initContainers", ()), *pod(objects)["containers"]]
    (container,) = (each for each in found if each["name"] == "strictgate")
    return container


def variables(container, secret):
    """The variables that a container starts with."""
    named = {
        each["name"]: each.get("value") or secret[each["valueFrom"]["secretKeyRef"]["key"]]
        for each in container["env"]
    }
    return OF_THE_IMAGE | (secret if "envFrom" in container else {}) | named


def started(monkeypatch, environment, config=None):
    """Return the settings that `serve` would start with; whatever is wrong is raised."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load(config)
    check_settings(settings, environment)
    return settings


def shared(monkeypatch, tmp_path, objects):
    """Return the settings of a pod of shared.yaml, or of the chart."""
    environment = variables(gateway(objects), KEYS)
    mounts = {each["name"]: each["mountPath"] for each in gateway(objects)["volumeMounts"]}
    folder, _, name = environment.pop("STRICTGATE_CONFIG").rpartition("/")
    assert folder == mounts["config"]
    config = tmp_path / name
    config.write_text(objects["ConfigMap"]["data"][name])
    return started(monkeypatch, environment, config)


def check_shared(settings: Settings, objects):
    """Check what shared.yaml promises of its pods."""
    container = gateway(objects)
    grace = pod(objects)["terminationGracePeriodSeconds"]
    asleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    (port,) = container["ports"]

    assert settings.server.host == "0.0.0.0"
    assert settings.server.port == port["containerPort"]
    assert settings.server.api_keys
    assert settings.server.drain_delay == 0  # preStop has it
    assert asleep + settings.server.drain_timeout < grace
    assert settings.server.drain_timeout >= settings.upstreams["groq"].timeout
    assert not settings.inspector.enabled
    assert settings.store.path == "off"
    assert objects["Service"]["spec"]["ports"][0]["targetPort"] == port["name"]
    assert "replicas" not in objects["Deployment"]["spec"]
    assert objects["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "strictgate"
    assert not pod(objects)["enableServiceLinks"]


def test_shared(monkeypatch, tmp_path):
    """One Service and its pods: what they start with is a configuration that can be served."""
    objects = manifest("shared.yaml")

    check_shared(shared(monkeypatch, tmp_path, objects), objects)


def test_shared_does_not_start_without_client_keys(monkeypatch, tmp_path):
    """A Secret in which they were forgotten does not open it to everybody."""
    monkeypatch.delitem(KEYS, "STRICTGATE_SERVER__API_KEYS")

    with pytest.raises(SettingsError, match="no client keys"):
        shared(monkeypatch, tmp_path, manifest("shared.yaml"))


def test_sidecar(monkeypatch):
    """It starts before the application, stops after it, and is reached from the pod alone."""
    objects = manifest("sidecar.yaml")
    (container,) = pod(objects)["initContainers"]
    settings = started(monkeypatch, variables(container, KEYS))
    (application,) = pod(objects)["containers"]
    base = {each["name"]: each["value"] for each in application["env"]}["OPENAI_BASE_URL"]

    assert container["restartPolicy"] == "Always"
    assert settings.server.host == "127.0.0.1"
    assert base == f"http://127.0.0.1:{settings.server.port}/v1"
    for probe in ("startupProbe", "livenessProbe"):
        assert f"127.0.0.1:{settings.server.port}/healthz" in container[probe]["exec"]["command"][2]
    assert settings.server.drain_timeout < pod(objects)["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("name", ["shared.yaml", "sidecar.yaml"])
def test_no_rights(name):
    """No root, no capability, no file system to write to; the image of this version; bounds."""
    objects = manifest(name)
    container = gateway(objects)
    rights = pod(objects).get("securityContext", {}) | container["securityContext"]

    assert container["image"] == IMAGE
    assert rights["runAsNonRoot"]
    assert rights["readOnlyRootFilesystem"]
    assert not rights["allowPrivilegeEscalation"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert rights["seccompProfile"] == {"type": "RuntimeDefault"}
    assert f"USER {rights['runAsUser']}:{rights['runAsGroup']}" in (ROOT / "Dockerfile").read_text()
    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    assert "memory" in container["resources"]["limits"]


def test_probes_are_answered(demo):
    """By the pages that the manifests name, also to a kubelet, whose Host is the pod's address."""
    container = gateway(manifest("shared.yaml"))
    probes = [container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")]
    with gate(demo, server={"api_keys": ["key"]}) as running:
        answers = [running.get(probe["path"]).status for probe in probes]

    assert answers == [200, 200, 200]
    assert {probe["port"] for probe in probes} == {container["ports"][0]["name"]}


def test_the_metric_that_decides_how_many(demo):
    """It is there, and the adapter gives it to the cluster by the same name."""
    scaler = manifest("shared.yaml")["HorizontalPodAutoscaler"]
    (pods,) = (each["pods"] for each in scaler["spec"]["metrics"] if each["type"] == "Pods")
    name = pods["metric"]["name"]
    adapter = yaml.safe_load((DEPLOY / "prometheus" / "adapter.yaml").read_text())
    with gate(demo) as running:
        page = running.get("/metrics").raw.decode()

    assert f"\n# TYPE {name} gauge\n" in page
    assert adapter["rules"]["custom"][0]["seriesQuery"].startswith(name + "{")


def test_the_chart_is_of_this_version():
    """Its values, too, are those of shared.yaml, as far as that can be seen without Helm."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    objects = manifest("shared.yaml")
    named = {each["name"]: each["value"] for each in gateway(objects)["env"]}

    assert chart["version"] == chart["appVersion"] == strictgate.__version__
    assert values["config"] == objects["ConfigMap"]["data"]["config.toml"]
    assert values["settings"] | {"STRICTGATE_CONFIG": "/etc/strictgate/config.toml"} == named
    assert values["resources"] == gateway(objects)["resources"]


@needs_helm
def test_the_chart_shares(monkeypatch, tmp_path):
    """The URL of the store comes from a Secret; what is kept is kept there then."""
    objects = rendered("--set", "shared.url.secretName=redis")
    entries = {each["name"]: each for each in gateway(objects)["env"]}
    reference = {"secretKeyRef": {"name": "redis", "key": "url"}}

    assert entries["STRICTGATE_SHARED__URL"]["valueFrom"] == reference
    assert entries["STRICTGATE_STORE__PATH"]["value"] == ":memory:"


@needs_helm
def test_the_chart_has_no_fault():
    """Warnings are faults."""
    subprocess.run([str(HELM), "lint", "--strict", str(CHART)], check=True)


@needs_helm
def test_the_chart_makes_shared_yaml():
    """Of its default values, but for labels and the configuration's checksum."""

    def bare(value):
        left = {"labels", "matchLabels", "selector", "labelSelector", "checksum/config", "env"}
        if isinstance(value, dict):
            return {name: bare(inner) for name, inner in value.items() if name not in left}
        return [bare(each) for each in value] if isinstance(value, list) else value

    objects, wanted = rendered(), manifest("shared.yaml")

    assert bare(objects) == bare(wanted)
    assert variables(gateway(objects), KEYS) == variables(gateway(wanted), KEYS)
    selector = objects["Service"]["spec"]["selector"].items()
    assert selector <= objects["Deployment"]["spec"]["template"]["metadata"]["labels"].items()


@needs_helm
def test_the_chart_with_other_values(monkeypatch, tmp_path):
    """Fixed replicas, another Secret, another image, no budget for disruptions."""
    objects = rendered(
        *("--set-json", "autoscaling.enabled=false", "--set-json", "replicas=3"),
        *("--set-json", 'existingSecret="keys"', "--set-json", 'image.tag="9"'),
        *("--set-json", "podDisruptionBudget.enabled=false"),
        *("--set-json", 'settings.STRICTGATE_OBSERVE__METRICS="key"'),
    )

    assert objects.keys() == {"ConfigMap", "Service", "Deployment"}
    assert objects["Deployment"]["spec"]["replicas"] == 3
    assert gateway(objects)["envFrom"] == [{"secretRef": {"name": "keys"}}]
    assert gateway(objects)["image"].endswith(":9")
    assert shared(monkeypatch, tmp_path, objects).observe.metrics.value == "key"


def compose(name):
    return yaml.safe_load((DEPLOY / "compose" / name).read_text())


@pytest.mark.parametrize("name", ["compose.yaml", "demo.yaml", "ollama.yaml"])
def test_compose(monkeypatch, capsys, name):
    """What each file starts has a configuration and no rights; only this machine reaches it."""
    service = compose(name)["services"]["strictgate"]
    given = {
        key: re.sub(r"\$\{\w+:\?[^}]+\}", "given", value)
        for key, value in service["environment"].items()
    }
    asked = []
    monkeypatch.setattr(
        "strictgate.commands.serve_command.serve",
        lambda settings, *_, **options: asked.append(settings),
    )
    for key, value in (OF_THE_IMAGE | given).items():
        monkeypatch.setenv(key, value)

    assert main(service.get("command", ["serve"])) == 0, capsys.readouterr().err
    (settings,) = asked
    if "--demo" not in service.get("command", ()):
        check_settings(settings, given)
    assert settings.server.api_keys
    assert (DEPLOY / "compose" / service["build"] / "Dockerfile").is_file()
    assert service["ports"] == [f"127.0.0.1:8080:{settings.server.port}"]
    assert settings.server.drain_timeout < int(service["stop_grace_period"].removesuffix("s"))
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]


def unit():
    """The settings of the unit, the last of each name."""
    return dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE))


def test_the_unit():
    """It runs a command that there is, and waits for what is under way."""
    with pytest.raises(SystemExit) as ended:
        main([*unit()["ExecStart"].split()[1:], "--help"])

    assert ended.value.code == 0
    assert load().server.drain_timeout < int(unit()["TimeoutStopSec"])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_unit(tmp_path):
    """Every line; with a program in the place of Strictgate, which is not installed there."""
    copy = tmp_path / UNIT.name
    program, config = "/opt/strictgate/bin/strictgate", "/etc/strictgate/config.toml"
    copy.write_text(UNIT.read_text().replace(program, sys.executable).replace(config, str(copy)))
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(copy)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert [line for line in ended.stderr.splitlines() if UNIT.name in line] == []

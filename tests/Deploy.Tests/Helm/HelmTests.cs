using k8s;
using k8s.Models;
using RenderFarm.Deploy.Tests.Settings;
using RenderFarm.TestKit.Services;

namespace RenderFarm.Deploy.Tests.Helm;

public sealed class HelmTests
{
    public static TheoryData<string> Installations => [.. Chart.Installations.Keys];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_strict_linter_finds_nothing()
    {
        var run = await ToolRun.StartAsync(
            TestEnvironment.Helm, ["lint", "--strict", Chart.Folder, .. Chart.Secrets.SelectMany(value => new[] { "--set", value })], cancellationToken: Cancelled);

        Assert.True(run.ExitCode == 0, run.Everything);
    }

    [Theory]
    [MemberData(nameof(Installations))]
    public async Task Objects_have_only_fields_that_Kubernetes_knows(string installation)
    {
        var objects = await Chart.ObjectsAsync(installation, Cancelled);

        Assert.Contains(objects, thing => thing is V1Deployment);
        Assert.Contains(objects, thing => thing is V1StatefulSet);
        Assert.Equal(objects.Count, objects.Select(thing => (thing.Kind, thing.Metadata.Name)).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Installations))]
    public async Task Objects_have_all_fields_that_Kubernetes_needs(string installation)
    {
        var documents = await Chart.DocumentsAsync(installation, Cancelled);

        var run = await ToolRun.StartAsync(
            "node", ["tests/Deploy.Tests/Helm/kubernetes-models.mjs", TestEnvironment.Tools],
            string.Join("\n---\n", documents.Where(Chart.IsOfKubernetes)), cancellationToken: Cancelled);

        Assert.True(run.ExitCode == 0, run.Everything);
    }

    [Theory]
    [MemberData(nameof(Installations))]
    public async Task Pods_are_not_root_and_cannot_write_their_image(string installation)
    {
        foreach (var pod in Pods(await Chart.ObjectsAsync(installation, Cancelled)))
        {
            Assert.True(pod.SecurityContext.RunAsNonRoot);
            Assert.Equal(1654, pod.SecurityContext.RunAsUser);
            var container = Assert.Single(pod.Containers);
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.Contains(container.VolumeMounts, mount => mount.MountPath == "/tmp");
        }
    }

    [Theory]
    [MemberData(nameof(Installations))]
    public async Task Pods_get_every_secret_from_the_same_secret(string installation)
    {
        var objects = await Chart.ObjectsAsync(installation, Cancelled);
        var made = objects.OfType<V1Secret>().SingleOrDefault();
        var keys = Pods(objects).SelectMany(pod => pod.Containers[0].Env).Select(variable => variable.ValueFrom?.SecretKeyRef).OfType<V1SecretKeySelector>().ToList();

        Assert.All(keys, key => Assert.Equal(made?.Metadata.Name ?? "farm-secrets", key.Name));
        Assert.Equal(
            ["access-key", "bus-uri", "database-connection-string", "s3-access-key", "s3-secret-key"],
            keys.Select(key => key.Key).Distinct().Order(StringComparer.Ordinal));
        Assert.All(keys, key => Assert.True(made is null || made.StringData.ContainsKey(key.Key), $"The secret lacks {key.Key}."));
    }

    [Fact]
    public async Task The_database_is_migrated_before_anything_else_changes()
    {
        var objects = await Chart.ObjectsAsync("defaults", Cancelled);

        var migration = Assert.Single(objects.OfType<V1Job>());
        Assert.Equal("pre-install,pre-upgrade", migration.Metadata.Annotations["helm.sh/hook"]);
        Assert.Equal(["migrate"], migration.Spec.Template.Spec.Containers[0].Args);
        var secret = Assert.Single(objects.OfType<V1Secret>());
        Assert.True(Weight(secret) < Weight(migration), "The migration reads the secret, so the secret must come first.");
    }

    [Fact]
    public async Task Secrets_survive_their_way_into_addresses()
    {
        var secret = (await Chart.ObjectsAsync("everything on", Cancelled)).OfType<V1Secret>().Single().StringData;

        var database = new Npgsql.NpgsqlConnectionStringBuilder(secret["database-connection-string"]);
        Assert.Equal("it's; a password", database.Password);
        var bus = new Uri(secret["bus-uri"]);
        Assert.Equal("amqps", bus.Scheme);
        Assert.Equal("a/b c", Uri.UnescapeDataString(bus.UserInfo.Split(':')[1]));
        Assert.Equal("/farm", bus.AbsolutePath);
    }

    [Theory]
    [InlineData("defaults")]
    [InlineData("gpu")]
    [InlineData("ingress with TLS")]
    [InlineData("everything on")]
    public async Task Programs_accept_the_settings_that_they_are_given(string installation)
    {
        var objects = await Chart.ObjectsAsync(installation, Cancelled);

        Assert.Empty(SettingKeys.Problems(Variables(objects, objects.OfType<V1Deployment>().Single().Spec.Template), "Database", "Bus", "Artifacts", "Access"));
        Assert.Empty(SettingKeys.Problems(Variables(objects, objects.OfType<V1StatefulSet>().Single().Spec.Template), "Bus", "Artifacts", "Worker"));
        Assert.Empty(SettingKeys.Problems(Variables(objects, objects.OfType<V1Job>().Single().Spec.Template), "Database"));
    }

    [Fact]
    public async Task A_worker_that_fetches_models_has_a_volume_of_more_than_they_may_take()
    {
        var worker = (await Chart.ObjectsAsync("everything on", Cancelled)).OfType<V1StatefulSet>().Single();

        var container = worker.Spec.Template.Spec.Containers[0];
        Assert.Equal("50", container.Env.Single(variable => variable.Name == "RENDERFARM__Worker__ModelCacheGiB").Value);
        var folder = container.Env.Single(variable => variable.Name == "RENDERFARM__Worker__ModelCache").Value;
        var mount = container.VolumeMounts.Single(mount => mount.MountPath == folder);
        Assert.Equal("52Gi", worker.Spec.Template.Spec.Volumes.Single(volume => volume.Name == mount.Name).EmptyDir.SizeLimit.ToString());
    }

    [Fact]
    public async Task A_gpu_worker_asks_for_its_gpu()
    {
        var worker = (await Chart.ObjectsAsync("gpu", Cancelled)).OfType<V1StatefulSet>().Single();

        var container = worker.Spec.Template.Spec.Containers[0];
        Assert.Equal("1", container.Resources.Limits["nvidia.com/gpu"].ToString());
        Assert.Equal("cuda:0", container.Env.Single(variable => variable.Name == "RENDERFARM__Worker__Device").Value);
        Assert.Equal("8", container.Env.Single(variable => variable.Name == "RENDERFARM__Worker__BatchSize").Value);
        Assert.EndsWith("-gpu", container.Image, StringComparison.Ordinal);
        Assert.Contains(worker.Spec.Template.Spec.Tolerations, toleration => toleration.Key == "nvidia.com/gpu");
        Assert.Equal("data", Assert.Single(worker.Spec.VolumeClaimTemplates).Metadata.Name);
        Assert.Equal(4, worker.Spec.Replicas);
    }

    [Fact]
    public async Task A_cpu_worker_asks_for_no_gpu()
    {
        var container = (await Chart.ObjectsAsync("defaults", Cancelled)).OfType<V1StatefulSet>().Single().Spec.Template.Spec.Containers[0];

        Assert.DoesNotContain("nvidia.com/gpu", container.Resources.Limits.Keys);
        Assert.Equal("cpu", container.Env.Single(variable => variable.Name == "RENDERFARM__Worker__Device").Value);
    }

    [Fact]
    public async Task Probes_ask_the_ports_that_the_programs_listen_on()
    {
        foreach (var pod in Pods(await Chart.ObjectsAsync("defaults", Cancelled)).Where(pod => pod.RestartPolicy != "Never"))
        {
            var container = pod.Containers[0];
            var port = Assert.Single(container.Ports);
            var urls = container.Env.Single(variable => variable.Name is "RENDERFARM__Coordinator__Urls" or "RENDERFARM__Worker__HealthUrls").Value;
            Assert.Equal(port.ContainerPort, new Uri(urls).Port);
            Assert.Equal("/healthz", container.LivenessProbe.HttpGet.Path);
            Assert.Equal("/readyz", container.ReadinessProbe.HttpGet.Path);
            Assert.Equal(port.Name, container.ReadinessProbe.HttpGet.Port.Value);
        }
    }

    [Fact]
    public async Task The_ingress_leads_to_the_coordinators_service()
    {
        var objects = await Chart.ObjectsAsync("ingress with TLS", Cancelled);

        var ingress = Assert.Single(objects.OfType<V1Ingress>());
        var service = objects.OfType<V1Service>().Single(found => found.Metadata.Name == ingress.Spec.Rules[0].Http.Paths[0].Backend.Service.Name);
        Assert.Equal("farm-tls", ingress.Spec.Tls[0].SecretName);
        Assert.Equal(["farm.example.com"], ingress.Spec.Tls[0].Hosts);
        var coordinator = objects.OfType<V1Deployment>().Single();
        Assert.All(service.Spec.Selector, label => Assert.Equal(label.Value, coordinator.Spec.Template.Metadata.Labels[label.Key]));
    }

    [Fact]
    public async Task The_service_monitor_reads_the_coordinators_metrics()
    {
        var monitor = Assert.Single(await Chart.DocumentsAsync("everything on", Cancelled), text => !Chart.IsOfKubernetes(text));

        Assert.Contains("path: /metrics", monitor, StringComparison.Ordinal);
        Assert.Contains("app.kubernetes.io/component: coordinator", monitor, StringComparison.Ordinal);
        Assert.Contains("release: prometheus", monitor, StringComparison.Ordinal);
        Assert.Contains("key: access-key", monitor, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("coordinator.replica=3", "replica")]
    [InlineData("worker.device=gpu", "device")]
    [InlineData("secrets.accessKey=short", "accessKey")]
    [InlineData("worker.drainTimeout=60", "drainTimeout")]
    [InlineData("worker.drainTimeout=00:05:00", "must be more than worker.drainTimeout")]
    [InlineData("worker.gpu.enabled=true", "worker.memoryBudgetMiB is needed")]
    [InlineData("secrets.busPassword=", "secrets.busPassword is needed")]
    public async Task A_wrong_value_is_named(string value, string named)
    {
        var run = await Chart.TemplateAsync([.. Chart.Secrets, value], Cancelled);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(named, run.Errors, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Variables(IReadOnlyList<IKubernetesObject<V1ObjectMeta>> objects, V1PodTemplateSpec pod)
    {
        var container = pod.Spec.Containers[0];
        var secret = objects.OfType<V1Secret>().Single().StringData;
        var variables = container.EnvFrom is null ? [] : new Dictionary<string, string>(objects.OfType<V1ConfigMap>().Single().Data);
        foreach (var variable in container.Env)
        {
            variables[variable.Name] = variable.Value ?? (variable.ValueFrom.SecretKeyRef is { } key ? secret[key.Key] : "farm-renderfarm-worker-0");
        }

        variables["RENDERFARM__Worker__Models"] = Checkout.PathOf("models");
        return variables;
    }

    private static IEnumerable<V1PodSpec> Pods(IReadOnlyList<IKubernetesObject<V1ObjectMeta>> objects) =>
    [
        .. objects.OfType<V1Deployment>().Select(deployment => deployment.Spec.Template.Spec),
        .. objects.OfType<V1StatefulSet>().Select(set => set.Spec.Template.Spec),
        .. objects.OfType<V1Job>().Select(job => job.Spec.Template.Spec),
    ];

    private static int Weight(IKubernetesObject<V1ObjectMeta> thing) =>
        int.Parse(thing.Metadata.Annotations["helm.sh/hook-weight"], System.Globalization.CultureInfo.InvariantCulture);
}

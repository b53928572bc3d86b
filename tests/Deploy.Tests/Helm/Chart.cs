using k8s;
using k8s.Models;
using RenderFarm.TestKit.Services;

namespace RenderFarm.Deploy.Tests.Helm;

/// <summary>The chart, rendered as an installation would.</summary>
internal static class Chart
{
    public const string Folder = "deploy/helm/renderfarm";

    /// <summary>Secrets without which nothing renders.</summary>
    public static readonly string[] Secrets =
    [
        "secrets.databasePassword=it's; a password",
        "secrets.busPassword=a/b c",
        "secrets.s3AccessKey=access",
        "secrets.s3SecretKey=secret",
        "secrets.accessKey=0123456789abcdef0123456789abcdef",
    ];

    /// <summary>The installations that every check looks at.</summary>
    public static readonly Dictionary<string, string[]> Installations = new(StringComparer.Ordinal)
    {
        ["defaults"] = Secrets,
        ["gpu"] =
        [
            .. Secrets, "worker.gpu.enabled=true", "worker.gpu.runtimeClassName=nvidia", "worker.replicas=4", "worker.batchSize=8",
            "worker.memoryBudgetMiB=24000", "worker.models.existingClaim=models", "worker.nodeSelector.gpu=a100",
            "worker.spool.persistent=true", "worker.spool.storageClass=fast",
        ],
        ["ingress with TLS"] =
        [
            .. Secrets, "coordinator.ingress.enabled=true", "coordinator.ingress.className=nginx",
            "coordinator.ingress.host=farm.example.com", "coordinator.ingress.tlsSecret=farm-tls",
            "artifacts.publicEndpoint=https://images.example.com",
        ],
        ["existing secret"] = ["secrets.existingSecret=farm-secrets"],
        ["minimal"] =
        [
            "secrets.existingSecret=farm-secrets", "migration.enabled=false", "coordinator.replicas=1",
            "coordinator.disruptionBudget.enabled=false", "serviceAccount.create=false", "worker.replicas=0",
        ],
        ["everything on"] =
        [
            .. Secrets, "worker.autoscaling.enabled=true", "serviceMonitor.enabled=true", "serviceMonitor.labels.release=prometheus",
            "networkPolicy.enabled=true", "networkPolicy.coordinatorFrom[0].namespaceSelector.matchLabels.team=art",
            "image.pullSecrets[0].name=pull", "coordinator.env[0].name=OTEL_EXPORTER_OTLP_ENDPOINT",
            "coordinator.env[0].value=http://otel:4317", "bus.tls=true", "bus.virtualHost=farm", "worker.models.cacheGiB=50",
        ],
    };

    public static async Task<ToolRun> TemplateAsync(IEnumerable<string> values, CancellationToken cancellationToken) =>
        await ToolRun.StartAsync(
            TestEnvironment.Helm,
            ["template", "farm", Folder, "--namespace", "art", .. values.SelectMany(value => new[] { "--set", value })],
            cancellationToken: cancellationToken);

    public static async Task<IReadOnlyList<string>> DocumentsAsync(string installation, CancellationToken cancellationToken)
    {
        var run = await TemplateAsync(Installations[installation], cancellationToken);
        Assert.True(run.ExitCode == 0, run.Everything);
        return [.. run.Output.Split("\n---\n").Select(text => text.TrimStart('-', '\n')).Where(text => text.Contains("kind:", StringComparison.Ordinal))];
    }

    /// <summary>The objects of an installation; those of Prometheus's own kinds are left out, no client model knows them.</summary>
    public static async Task<IReadOnlyList<IKubernetesObject<V1ObjectMeta>>> ObjectsAsync(string installation, CancellationToken cancellationToken)
    {
        var documents = await DocumentsAsync(installation, cancellationToken);
        return [.. documents.Where(IsOfKubernetes).SelectMany(text => KubernetesYaml.LoadAllFromString(text, strict: true)).Cast<IKubernetesObject<V1ObjectMeta>>()];
    }

    public static bool IsOfKubernetes(string document) => !document.Contains("apiVersion: monitoring.coreos.com/", StringComparison.Ordinal);

}

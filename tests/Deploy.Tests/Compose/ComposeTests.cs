using RenderFarm.Deploy.Tests.Settings;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Services;
using YamlDotNet.RepresentationModel;

namespace RenderFarm.Deploy.Tests.Compose;

public sealed class ComposeTests
{
    private static readonly string[] Secrets = ["POSTGRES_PASSWORD", "RABBITMQ_PASSWORD", "MINIO_PASSWORD", "RENDERFARM_KEY"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData]
    [InlineData("--profile", "gpu")]
    [InlineData("-f", "docker-compose.yml", "-f", "eng/services.compose.yml")]
    public async Task Compose_accepts_the_file(params string[] options)
    {
        var run = await ConfigureAsync(options, Given());

        Assert.True(run.ExitCode == 0, run.Everything);
    }

    [Theory]
    [InlineData("POSTGRES_PASSWORD")]
    [InlineData("RABBITMQ_PASSWORD")]
    [InlineData("MINIO_PASSWORD")]
    [InlineData("RENDERFARM_KEY")]
    public async Task A_missing_secret_is_named(string secret)
    {
        var given = Given();
        given[secret] = null;

        var run = await ConfigureAsync([], given);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains($"set {secret} in .env", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_linter_finds_nothing()
    {
        var run = await ToolRun.StartAsync(
            Path.Combine(TestEnvironment.Tools, "node_modules", ".bin", "dclint"),
            ["-c", "tests/Deploy.Tests/Compose/dclint.json", "--max-warnings", "0", "docker-compose.yml"],
            cancellationToken: Cancelled);

        Assert.True(run.ExitCode == 0, run.Everything);
    }

    [Fact]
    public void The_example_of_settings_asks_for_every_secret()
    {
        var asked = Checkout.Read(".env.example").Split('\n').Where(line => line.EndsWith('=')).Select(line => line[..^1]);

        Assert.Equal(Secrets, asked);
    }

    [Fact]
    public async Task Every_part_waits_for_what_it_needs_and_is_checked()
    {
        var services = await ServicesAsync();

        Assert.Equal(["migrate", "minio-bucket", "rabbitmq"], Keys(services["coordinator"]["depends_on"]));
        Assert.Equal(["minio-bucket", "rabbitmq"], Keys(services["worker"]["depends_on"]));
        Assert.Equal("service_completed_successfully", Text(services["coordinator"]["depends_on"]["migrate"]["condition"]));
        Assert.Equal("migrate", Text(services["migrate"]["command"][0]));
        foreach (var name in new[] { "postgres", "rabbitmq", "minio", "coordinator", "worker", "worker-gpu" })
        {
            Assert.True(Keys(services[name]).Contains("healthcheck"), $"{name} has no health check.");
        }
    }

    [Fact]
    public async Task Only_the_gpu_profile_asks_for_a_gpu()
    {
        var services = await ServicesAsync();

        var device = services["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"][0];
        Assert.Equal("nvidia", Text(device["driver"]));
        Assert.Equal("gpu", Text(services["worker-gpu"]["profiles"][0]));
        Assert.Equal("cuda:0", Text(services["worker-gpu"]["environment"]["RENDERFARM__Worker__Device"]));
        Assert.Equal("cpu", Text(services["worker"]["environment"]["RENDERFARM__Worker__Device"]));
        Assert.DoesNotContain("deploy", Keys(services["worker"]));
    }

    [Theory]
    [InlineData("coordinator", "Database", "Bus", "Artifacts", "Access")]
    [InlineData("worker", "Bus", "Artifacts", "Worker")]
    [InlineData("worker-gpu", "Bus", "Artifacts", "Worker")]
    [InlineData("migrate", "Database")]
    public async Task Programs_accept_the_settings_that_they_are_given(string service, params string[] sections)
    {
        var variables = Environment((await ServicesAsync())[service]);
        variables["RENDERFARM__Worker__Models"] = Checkout.PathOf("models");

        Assert.Empty(SettingKeys.Problems(variables, sections));
    }

    [Fact]
    public async Task Nothing_is_published_beyond_this_machine_unless_asked()
    {
        var services = (YamlMappingNode)await ServicesAsync();

        var ports = services.Children.Values.Where(service => Keys(service).Contains("ports"))
            .SelectMany(service => (YamlSequenceNode)service["ports"]).Select(Text).ToList();

        Assert.Equal(2, ports.Count);
        Assert.All(ports, port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
    }

    private static Dictionary<string, string?> Given() =>
        Secrets.ToDictionary(name => name, string? (_) => "0123456789abcdef0123456789abcdef");

    private static async Task<ToolRun> ConfigureAsync(string[] options, Dictionary<string, string?> given)
    {
        // Instead of an .env that a developer may have here.
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("none.env"), "", Cancelled);
        return await ToolRun.StartAsync(
            TestEnvironment.Compose, ["--env-file", folder.File("none.env"), .. options, "config"], environment: given, cancellationToken: Cancelled);
    }

    private static async Task<YamlNode> ServicesAsync()
    {
        var run = await ConfigureAsync(["--profile", "gpu"], Given());
        var yaml = new YamlStream();
        yaml.Load(new StringReader(run.Output));
        return yaml.Documents[0].RootNode["services"];
    }

    private static Dictionary<string, string> Environment(YamlNode service) =>
        ((YamlMappingNode)service["environment"]).Children.ToDictionary(entry => Text(entry.Key), entry => Text(entry.Value));

    private static List<string> Keys(YamlNode node) =>
        [.. ((YamlMappingNode)node).Children.Keys.Select(Text).Order(StringComparer.Ordinal)];

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value ?? "";
}

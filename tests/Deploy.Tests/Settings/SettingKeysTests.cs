namespace RenderFarm.Deploy.Tests.Settings;

public sealed class SettingKeysTests
{
    public static TheoryData<string> Files =>
    [
        "docker-compose.yml",
        "deploy/docker/Coordinator.Dockerfile",
        "deploy/docker/Worker.Dockerfile",
        "deploy/helm/renderfarm/templates/_helpers.tpl",
        "deploy/helm/renderfarm/templates/configmap.yaml",
        "deploy/helm/renderfarm/templates/coordinator.yaml",
        "deploy/helm/renderfarm/templates/migration.yaml",
        "deploy/helm/renderfarm/templates/worker.yaml",
    ];

    [Theory]
    [MemberData(nameof(Files))]
    public void Deployment_sets_only_settings_that_the_programs_read(string file)
    {
        var used = SettingKeys.In(Checkout.Read(file));

        Assert.NotEmpty(used);
        Assert.Empty(used.Except(SettingKeys.Known));
    }

    [Fact]
    public void No_other_deployment_file_sets_anything()
    {
        var named = Files.Select(file => Checkout.PathOf(file.Data)).ToHashSet();

        var others = Directory.EnumerateFiles(Checkout.PathOf("deploy"), "*", SearchOption.AllDirectories)
            .Where(file => !named.Contains(file) && SettingKeys.In(File.ReadAllText(file)).Count > 0);

        Assert.Empty(others);
    }

    [Theory]
    [InlineData("Upkeep__")]
    [InlineData("Worker__ModelCache")]
    public void Every_setting_of_the_upkeep_and_of_fetched_models_is_explained(string settings)
    {
        var guide = Checkout.Read("docs/operations.md");
        var keys = SettingKeys.Known.Where(key => key.StartsWith($"RENDERFARM__{settings}", StringComparison.Ordinal)).Select(key => key["RENDERFARM__".Length..].Replace("__", ":", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(keys);
        Assert.All(keys, key => Assert.Contains($"`{key}`", guide, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("RetainJobs", "00:00:30", "Upkeep:RetainJobs (RENDERFARM__Upkeep__RetainJobs) is 00:00:30; it must be at least 00:01:00: who submitted a job has to have the time to fetch its pictures.")]
    [InlineData("SweepAfter", "00:30:00", "Upkeep:SweepAfter (RENDERFARM__Upkeep__SweepAfter) is 00:30:00; it must be at least 01:00:00: a worker stores a picture before it is committed.")]
    public void A_time_of_the_upkeep_that_is_too_short_is_named(string name, string value, string problem) =>
        Assert.Equal([problem], SettingKeys.Problems(new Dictionary<string, string> { [$"RENDERFARM__Upkeep__{name}"] = value }, "Upkeep"));

    [Fact]
    public void A_worker_may_be_given_room_for_fetched_models()
    {
        var models = Checkout.PathOf("models");
        Assert.Empty(SettingKeys.Problems(
            new Dictionary<string, string>
            {
                ["RENDERFARM__Worker__Models"] = models,
                ["RENDERFARM__Worker__ModelCache"] = "/srv/models",
                ["RENDERFARM__Worker__ModelCacheGiB"] = "200",
                ["RENDERFARM__Worker__ModelCacheFreeMiB"] = "0",
            },
            "Worker"));
        var problem = Assert.Single(SettingKeys.Problems(new Dictionary<string, string> { ["RENDERFARM__Worker__Models"] = models, ["RENDERFARM__Worker__ModelCacheGiB"] = "0" }, "Worker"));
        Assert.Equal("Worker:ModelCacheGiB (RENDERFARM__Worker__ModelCacheGiB) is 0; allowed: 1 to 1048576.", problem);
    }

    [Fact]
    public void A_wrong_setting_would_be_found()
    {
        var problems = SettingKeys.Problems(
            new Dictionary<string, string> { ["RENDERFARM__Bus__Transport"] = "RabbitMq", ["RENDERFARM__Bus__Uri"] = "http://rabbitmq" }, "Bus");

        Assert.Contains("RENDERFARM__Bus__Uri", Assert.Single(problems), StringComparison.Ordinal);
    }
}

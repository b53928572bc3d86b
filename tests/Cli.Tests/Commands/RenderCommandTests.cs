using System.Text.Json;
using RenderFarm.Shared;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Cli.Tests.Commands;

public sealed class RenderCommandTests(RunningFarm farm)
{
    private static readonly byte[] Png = [0x89, (byte)'P', (byte)'N', (byte)'G'];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pictures_of_a_prompt_are_saved_and_named_after_it()
    {
        using var folder = new TemporaryFolder();
        var output = folder.File("new/pictures");

        var (code, line) = await CommandLine.RunAsync(["render", "a pizza on a blue background", "-n", "3", "-o", output, "--steps", "2", "--seed", "42", .. farm.Here]);

        Assert.Equal((ExitCodes.Done, ""), (code, code == 0 ? "" : line.Error));
        string[] names = ["a-pizza-on-a-blue-background-00000-42.png", "a-pizza-on-a-blue-background-00001-43.png", "a-pizza-on-a-blue-background-00002-44.png"];
        Assert.Equal(names.Select(name => Path.Combine(output, name)), line.Lines);
        Assert.Equal(line.Lines.Order(), Directory.GetFiles(output).Order());
        Assert.All(line.Lines, file => Assert.Equal(Png, File.ReadAllBytes(file)[..4]));
        Assert.Contains($"3 images in {output}", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_bytes_on_any_farm()
    {
        using var folder = new TemporaryFolder();
        string[] command = ["render", "a whale", "--steps", "2", "--seed", "7", "--sampler", "euler_a"];

        var (first, _) = await CommandLine.RunAsync([.. command, "-o", folder.File("running"), .. farm.Here]);
        var (second, own) = await CommandLine.RunAsync([.. command, "-o", folder.File("own"), "--data", folder.File("data")]);

        Assert.Equal((ExitCodes.Done, ExitCodes.Done), (first, second));
        Assert.Contains("Starting a farm in this process", own.Error, StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllBytesAsync(folder.File("running/a-whale-00000-7.png"), Token), await File.ReadAllBytesAsync(folder.File("own/a-whale-00000-7.png"), Token));
    }

    [Fact]
    public async Task Settings_that_cannot_be_used_are_named_by_the_farm()
    {
        using var folder = new TemporaryFolder();

        var (code, line) = await CommandLine.RunAsync(["render", "a whale", "--steps", "0", "--sampler", "best", "-o", folder.Path, .. farm.Here]);

        Assert.Equal(ExitCodes.Failed, code);
        Assert.Equal($"settings.steps: Must be from 1 to 500; got 0.{Environment.NewLine}settings.sampler: Unknown: 'best'; allowed: {string.Join(", ", SamplerNames.Samplers)}.", line.Error.Trim());
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task What_webui_can_do_is_asked_for_by_options()
    {
        using var folder = new TemporaryFolder();

        var (code, line) = await CommandLine.RunAsync(
        [
            "render", "a (small:1.3) whale", "--steps", "2", "--seed", "7", "--sampler", "Euler a", "--eta", "0.5", "--width", "64", "--height", "64",
            "--hires", "1.5", "--hires-upscaler", "Latent (nearest)", "--hires-strength", "0.5", "--best-of", "2", "--tiling", "--format", "webp", "--quality", "80", "-o", folder.Path, "--json", .. farm.Here,
        ]);

        Assert.True(code == ExitCodes.Done, line.Error);
        using var told = System.Text.Json.JsonDocument.Parse(string.Join('\n', line.Lines));
        var file = Assert.Single(told.RootElement.GetProperty("files").EnumerateArray()).GetString()!;
        Assert.EndsWith(".webp", file, StringComparison.Ordinal);
        Assert.Equal("WEBP"u8.ToArray(), File.ReadAllBytes(file)[8..12]);
        var settings = told.RootElement.GetProperty("job").GetProperty("settings");
        Assert.Equal(("Automatic", 0.5, true), (settings.GetProperty("schedule").GetString(), settings.GetProperty("eta").GetDouble(), settings.GetProperty("tiling").GetBoolean()));
        Assert.Equal("Latent (nearest)", settings.GetProperty("hires").GetProperty("upscaler").GetString());
        Assert.Equal(2, told.RootElement.GetProperty("job").GetProperty("bestOf").GetInt32());
    }

    [Theory]
    [InlineData("--hires-steps", "3", "--hires-steps is about the second pass that --hires SCALE asks for, for example --hires 2.")]
    [InlineData("--lora", "film:much", "--lora is 'film:much'; allowed: a name, or a name, a colon and a weight, such as film:0.8.")]
    public async Task An_option_that_cannot_be_read_says_how_it_is_written(string option, string value, string message)
    {
        using var folder = new TemporaryFolder();

        var (code, line) = await CommandLine.RunAsync(["render", "a whale", option, value, "-o", folder.Path, .. farm.Here]);

        Assert.NotEqual(ExitCodes.Done, code);
        Assert.Contains(message, line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_tells_the_job_and_the_files()
    {
        using var folder = new TemporaryFolder();

        var (_, line) = await CommandLine.RunAsync(["render", "a crab", "--steps", "1", "--seed", "1", "--json", "-o", folder.Path, .. farm.Here]);

        var told = JsonDocument.Parse(line.Out).RootElement;
        Assert.Equal("completed", told.GetProperty("job").GetProperty("state").GetString());
        Assert.Equal(folder.File("a-crab-00000-1.png"), told.GetProperty("files")[0].GetString());
    }

    [Fact]
    public async Task Ctrl_C_cancels_the_job()
    {
        using var folder = new TemporaryFolder();
        using var interrupt = new CancellationTokenSource();
        var line = new CommandLine();

        var run = line.StartAsync(["render", "an owl to interrupt", "-n", "5000", "--steps", "4", "-o", folder.Path, .. farm.Here], "", interrupt.Token);
        await Eventually.IsAsync(() => Task.FromResult(Directory.GetFiles(folder.Path, "*.png").Length), count => count > 0, TimeSpan.FromMinutes(3), () => line.Error, Token);
        await interrupt.CancelAsync();

        Assert.Equal(ExitCodes.Interrupted, await run);
        var job = await farm.Client.ListJobsAsync(JobState.Cancelled, cancellationToken: Token).FirstAsync(job => job.FrameCount == 5000, Token);
        Assert.True(job.Cancelled > 0);
        Assert.StartsWith("Cancelled.", line.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_farm_on_the_same_data_is_refused_by_name()
    {
        var (code, line) = await CommandLine.RunAsync(["up", "--port", "0", .. farm.Here]);

        Assert.Equal(ExitCodes.Failed, code);
        Assert.StartsWith($"A farm already runs on the data folder {farm.Data}, at http://127.0.0.1:", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_in_a_line()
    {
        using var folder = new TemporaryFolder();
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;

        var (code, line) = await CommandLine.RunAsync(["up", "--port", $"{port}", "--data", folder.Path]);

        Assert.Equal((ExitCodes.Failed, $"Port {port} of 127.0.0.1 cannot be used (Address already in use): choose another with --port, or stop the program that has it."), (code, line.Error.Trim()));
    }
}

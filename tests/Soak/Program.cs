using System.CommandLine;
using RenderFarm.Soak;

var services = new Option<string>("--services") { Description = "Folder of eng/services, whose servers may be killed and wiped", Required = true, HelpName = "DIR" };
var output = new Option<string?>("--output") { Description = "Where the result is written, as markdown", HelpName = "FILE" };
var logs = new Option<string>("--logs") { Description = "Folder for what the processes print", Required = true, HelpName = "DIR" };
var seed = Number("--seed", "Draws the faults and the jobs; random unless given", 0, 0, int.MaxValue);
var coordinators = Number("--coordinators", "Coordinators", 2, 1, 8);
var processes = Number("--processes", "Processes of simulated workers", 4, 1, 64);
var workers = Number("--workers", "Simulated workers of each process", 8, 1, 256);
var frameTime = Number("--frame-time", "Milliseconds of a simulated image", 500, 10, 60_000);
var real = Number("--real", "Workers that render really, with a few jobs of their own", 1, 0, 8);
var minutes = new Argument<double>("MINUTES") { Description = "How long faults happen" };
minutes.Validators.Add(result =>
{
    if (result.GetValueOrDefault<double>() is not (> 0 and <= 1440))
    {
        result.AddError("MINUTES must be more than 0 and at most 1440.");
    }
});

var run = new Command("run", "Random faults, many at a time") { minutes, coordinators, processes, workers, frameTime, real };
run.SetAction((line, cancellationToken) => OnFarmAsync(line, SizeOf(line, processes, workers, line.GetValue(real)), async (farm, servers, size, drawn) =>
{
    var result = await new SoakRun(farm, servers, size, drawn).RunAsync(TimeSpan.FromMinutes(line.GetValue(minutes)), cancellationToken);
    return (result.Write(), result.Holds);
}, cancellationToken));

var turns = Number("--turns", "How often each fault happens", 3, 1, 100);
var tenProcesses = Number("--processes", "Processes of simulated workers, of which three tenths are killed", 10, 4, 64);
var fewWorkers = Number("--workers", "Simulated workers of each process", 3, 1, 256);
var recovery = new Command("recovery", "One fault at a time, and how long the farm takes afterwards") { turns, coordinators, tenProcesses, fewWorkers, frameTime };
recovery.SetAction((line, cancellationToken) => OnFarmAsync(
    line, SizeOf(line, tenProcesses, fewWorkers, 0), (farm, servers, size, drawn) => new RecoveryRun(farm, servers, size, line.GetValue(turns), drawn).RunAsync(cancellationToken), cancellationToken));

foreach (var command in new[] { run, recovery })
{
    command.Add(services);
    command.Add(logs);
    command.Add(output);
    command.Add(seed);
}

return await new RootCommand("Faults over a running farm; started by eng/soak.") { run, recovery }.Parse(args).InvokeAsync();

async Task<int> OnFarmAsync(ParseResult line, SoakSize size, Func<SoakFarm, Servers, SoakSize, int, Task<(string Text, bool IsGood)>> measure, CancellationToken cancellationToken)
{
    var drawn = line.GetValue(seed) is > 0 and var given ? given : Random.Shared.Next(1, int.MaxValue);
    Console.WriteLine($"seed {drawn}");
    await using var servers = new Servers(line.GetValue(services)!);
    await using var farm = await SoakFarm.StartAsync(servers, size, line.GetValue(logs)!, cancellationToken);
    var (text, isGood) = await measure(farm, servers, size, drawn);
    Console.Write(text);
    if (line.GetValue(output) is { } file)
    {
        await File.WriteAllTextAsync(file, text, cancellationToken);
    }

    return isGood ? 0 : 1;
}

SoakSize SizeOf(ParseResult line, Option<int> ofProcesses, Option<int> ofWorkers, int ofReal) => new(
    line.GetValue(coordinators), line.GetValue(ofProcesses), line.GetValue(ofWorkers), TimeSpan.FromMilliseconds(line.GetValue(frameTime)), ofReal);

static Option<int> Number(string name, string description, int usual, int least, int most)
{
    var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => usual };
    option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() is var given && (given < least || given > most))
        {
            result.AddError($"{name} is {given}; allowed: {least} to {most}.");
        }
    });
    return option;
}

using System.CommandLine;
using RenderFarm.Benchmarks;
using RenderFarm.Benchmarks.Checkpoints;
using RenderFarm.Benchmarks.Queues;
using RenderFarm.Benchmarks.Submits;
using RenderFarm.TestKit.Farms;

var mode = new Option<FarmMode>("--mode") { Description = "embedded: one process; servers: on PostgreSQL, RabbitMQ and S3, see eng/services", DefaultValueFactory = _ => FarmMode.Embedded };
mode.AcceptOnlyFromAmong("embedded", "servers");
var output = new Option<string?>("--output") { Description = "Where the result is written, as markdown", HelpName = "FILE" };

var images = Number("--images", "Images of a job, in whole batches", 64, RawLoop.BatchSize);
var pairs = Number("--pairs", "How often both are measured, by turns", 5);
var farmVsRaw = new Command("farm-vs-raw", "Images per second of a farm against the networks run in a plain loop") { images, pairs, mode, output };
farmVsRaw.SetAction((line, cancellationToken) => OnFarmAsync(
    line, async farm => (await FarmVsRaw.RunAsync(farm, line.GetValue(images), line.GetValue(pairs), cancellationToken)).Write(await Report.FactsAsync(farm, cancellationToken)), cancellationToken));

var submits = Number("--pairs", "How often both are measured, by turns", 7);
var submit = new Command("submit", "How long a farm takes to accept and cancel a job of a million images, and to accept 100,000 prompts") { submits, mode, output };
submit.SetAction((line, cancellationToken) => OnFarmAsync(
    line, async farm => (await SubmitLatency.RunAsync(farm, line.GetValue(submits), cancellationToken)).Write(await Report.FactsAsync(farm, cancellationToken)), cancellationToken));

var rounds = Number("--rounds", "Cancels and pauses together", 200, 2);
var cancel = new Command("cancel", "How soon a worker is free again when the job that it renders is cancelled or paused") { rounds, mode, output };
cancel.SetAction((line, cancellationToken) => OnFarmAsync(
    line, async farm => (await CancelLatency.RunAsync(farm, line.GetValue(rounds), cancellationToken)).Write(await Report.FactsAsync(farm, cancellationToken)), cancellationToken));

var submitRounds = Number("--rounds", "Jobs", 60);
var idleLatency = new Command("idle-latency", "How soon an idle farm begins to render what is submitted, against one commit and one round trip of the broker") { submitRounds, output };
idleLatency.SetAction(async (line, cancellationToken) =>
{
    await using var farm = await ServerTestFarm.StartAsync(coordinators: 1, workers: 1, threads: 0, IdleLatency.Settings, cancellationToken);
    await SayAsync(line, (await IdleLatency.RunAsync(farm, line.GetValue(submitRounds), cancellationToken)).Write(await Report.FactsAsync(farm, cancellationToken)), cancellationToken);
});

var isolatedImages = Number("--images", "Images of a job, in whole batches", 64, RawLoop.BatchSize);
var isolatedPairs = Number("--pairs", "How often both are measured, by turns", 9);
var isolation = new Command("isolation", "Images per second with a render process for each slot against rendering in the worker") { isolatedImages, isolatedPairs, output };
isolation.SetAction(async (line, cancellationToken) =>
    await TellAsync(line, await Isolation.RunAsync(line.GetValue(isolatedImages), line.GetValue(isolatedPairs), cancellationToken), await Report.FactsAsync(cancellationToken), cancellationToken));

var encodings = Number("--pairs", "How often both are measured, by turns", 7);
var png = new Command("png", "How fast rendered pictures are written as PNG against SkiaSharp") { encodings, output };
png.SetAction(async (line, cancellationToken) => await TellAsync(line, await PngEncoding.RunAsync(line.GetValue(encodings)), await Report.FactsAsync(cancellationToken), cancellationToken));

var decodings = Number("--pairs", "How often both are measured, by turns", 3);
var tiles = new Command("vae-tiles", "Memory of decoding a picture in tiles against decoding it whole") { decodings, output };
tiles.SetAction(async (line, cancellationToken) => await TellAsync(line, await VaeTiles.RunAsync(line.GetValue(decodings), cancellationToken), await Report.FactsAsync(cancellationToken), cancellationToken));

var tileSide = new Option<int>("--tile") { Description = "Pixels; 0 decodes the picture whole" };
var decode = new Command("vae-decode", "One decoded picture, in a process of its own for vae-tiles") { tileSide };
decode.Hidden = true;
decode.SetAction(line => VaeTiles.Decode(line.GetValue(tileSide)));

var model = new Option<string>("--model") { Description = "Whose networks run", DefaultValueFactory = _ => PipelineOverhead.ModelNames.First() };
model.AcceptOnlyFromAmong([.. PipelineOverhead.ModelNames]);
var batches = Number("--pairs", "How many batches are measured", 15);
var overhead = new Command("overhead", "The time of a batch against the time its networks ran") { model, batches, output };
overhead.SetAction(async (line, cancellationToken) => await TellAsync(line, PipelineOverhead.Run(line.GetValue(model)!, line.GetValue(batches)), await Report.FactsAsync(cancellationToken), cancellationToken));

var starts = Number("--pairs", "How often both are measured, by turns", 7);
var secondStart = new Command("second-start", "Loading a model whose optimised networks are kept against loading it anew") { starts, output };
secondStart.SetAction(async (line, cancellationToken) => await TellAsync(line, await SecondStart.RunAsync(line.GetValue(starts)), await Report.FactsAsync(cancellationToken), cancellationToken));

var processes = Number("--pairs", "How often both are measured, by turns", 5);
var memory = new Command("memory", "Memory of a model after batches of four shapes against one") { processes, output };
memory.SetAction(async (line, cancellationToken) => await TellAsync(line, await MemoryOfShapes.RunAsync(line.GetValue(processes), cancellationToken), await Report.FactsAsync(cancellationToken), cancellationToken));

var sizes = new Argument<int[]>("SIZE") { Description = "Pictures of a batch", Arity = ArgumentArity.OneOrMore };
var measureMemory = new Command(MemoryOfShapes.Child, "Prints by how many bytes this process grows when it renders these batches") { sizes };
measureMemory.SetAction(line => MemoryOfShapes.Measure(line.GetValue(sizes)!));
measureMemory.Hidden = true;

var subject = new Option<string>("--model") { Description = "sd1: full size, about 8 GB of memory; tiny: the tests' own", DefaultValueFactory = _ => CheckpointSubject.All[0].Name };
subject.AcceptOnlyFromAmong([.. CheckpointSubject.All.Select(one => one.Name)]);
var firsts = Number("--pairs", "How often both are measured, by turns", 3);
var side = Number("--side", "Pixels of the picture's sides", 256, 64);
var steps = Number("--steps", "Steps of the picture", 4);
var checkpoint = new Command("checkpoint", "Time and memory to the first picture of a checkpoint as it is against the same model exported beforehand") { subject, firsts, side, steps, output };
checkpoint.SetAction(async (line, cancellationToken) => await SayAsync(
    line,
    (await CheckpointStart.RunAsync(CheckpointSubject.Named(line.GetValue(subject)!), line.GetValue(firsts), line.GetValue(side), line.GetValue(steps), cancellationToken)).Write(await Report.FactsAsync(cancellationToken)),
    cancellationToken));

var kind = new Argument<string>("KIND").AcceptOnlyFromAmong("checkpoint", "exported");
var place = new Argument<string>("FOLDER");
var cache = new Argument<string>("CACHE");
var firstPicture = new Command(FirstPicture.Child, "Prints what this process needs to its first picture") { kind, place, cache, subject, side, steps };
firstPicture.SetAction(line => FirstPicture.Measure(
    CheckpointSubject.Named(line.GetValue(subject)!), line.GetValue(kind) == "exported", line.GetValue(place)!, line.GetValue(cache)!, line.GetValue(side), line.GetValue(steps)));
firstPicture.Hidden = true;

var adds = Number("--pairs", "How often both are measured, by turns", 7);
var checkpointAdd = new Command("checkpoint-add", "Adding a checkpoint against sha256sum of its file, and recognising it") { subject, adds, output };
checkpointAdd.SetAction(async (line, cancellationToken) => await SayAsync(
    line, (await CheckpointAdd.RunAsync(CheckpointSubject.Named(line.GetValue(subject)!), line.GetValue(adds), cancellationToken)).Write(await Report.FactsAsync(cancellationToken)), cancellationToken));

var loras = Number("--loras", "LoRAs, each of which is switched to twice", 3);
var loraSwitch = new Command("lora-switch", "Going on with another LoRA against loading the model") { loras, side, steps, output };
loraSwitch.SetAction(async (line, cancellationToken) => await SayAsync(
    line, LoraSwitch.Run(line.GetValue(loras), line.GetValue(side), line.GetValue(steps), cancellationToken).Write(await Report.FactsAsync(cancellationToken)), cancellationToken));

var tasks = Number("--tasks", "Tasks of the farm in a measurement", 20_000);
var hangfireTasks = Number("--peer-tasks", "Tasks of the peer in a measurement", 1000);
var skipLockedTasks = Number("--peer-tasks", "Tasks of the peer in a measurement", 20_000);
var turns = Number("--pairs", "How often both are measured, by turns", 7);
var hangfire = new Command("hangfire", "Tasks per second of the farm with workers that only pretend to render, against Hangfire on PostgreSQL") { tasks, hangfireTasks, turns, output };
hangfire.SetAction(async (line, cancellationToken) => await TellAsync(line, await NoOpTasks.AgainstHangfireAsync(line.GetValue(tasks), line.GetValue(hangfireTasks), line.GetValue(turns), cancellationToken), await Report.FactsAsync(cancellationToken), cancellationToken));
var skipLocked = new Command("skip-locked", "The same against a table whose rows are claimed one by one with SKIP LOCKED") { tasks, skipLockedTasks, turns, output };
skipLocked.SetAction(async (line, cancellationToken) => await TellAsync(line, await NoOpTasks.AgainstSkipLockedAsync(line.GetValue(tasks), line.GetValue(skipLockedTasks), line.GetValue(turns), cancellationToken), await Report.FactsAsync(cancellationToken), cancellationToken));

var costImages = Number("--images", "Images", 10_000);
var cost = new Command("cost", "Commits, statements, write-ahead log and broker messages of an image") { costImages, output };
cost.SetAction(async (line, cancellationToken) => await SayAsync(line, (await CostPerImage.RunAsync(line.GetValue(costImages), cancellationToken)).Write(await Report.FactsAsync(cancellationToken)), cancellationToken));

var backlogImages = Number("--images", "Images that wait, and then images that are done", 1_000_000);
var backlogTurns = Number("--turns", "Turns of each side", 200);
var minutes = Number("--minutes", "How long a snapshot is held open", 5);
var backlog = new Command("backlog", "Offers and commits with a long queue, a long history and an old snapshot against none of these") { backlogImages, backlogTurns, minutes, output };
backlog.SetAction(async (line, cancellationToken) => await SayAsync(
    line,
    (await Backlog.RunAsync(line.GetValue(backlogImages), line.GetValue(backlogTurns), TimeSpan.FromMinutes(line.GetValue(minutes)), cancellationToken)).Write(await Report.FactsAsync(cancellationToken)),
    cancellationToken));

var queued = Number("--images", "Images that wait", 1_000_000);
var queuedMemory = new Command("queued-memory", "Memory of a coordinator with a long queue") { queued, output };
queuedMemory.SetAction(async (line, cancellationToken) => await SayAsync(line, (await QueuedMemory.RunAsync(line.GetValue(queued), cancellationToken)).Write(await Report.FactsAsync(cancellationToken)), cancellationToken));
var scaling = new Command("scaling", "Images per second of many workers that only pretend to render") { output };
scaling.SetAction(async (line, cancellationToken) => await SayAsync(line, (await SimulatedWorkers.ScalingAsync(cancellationToken)).Write(await Report.FactsAsync(cancellationToken)), cancellationToken));
var idle = Number("--workers", "Workers", 1000);
var idleWorkers = new Command("idle-workers", "Processor time for workers that have nothing to do") { idle, output };
idleWorkers.SetAction(async (line, cancellationToken) => await SayAsync(line, (await SimulatedWorkers.IdleAsync(line.GetValue(idle), cancellationToken)).Write(await Report.FactsAsync(cancellationToken)), cancellationToken));

return await new RootCommand("Measures the farm and its parts on this machine.") { farmVsRaw, submit, cancel, idleLatency, isolation, png, tiles, decode, overhead, secondStart, memory, measureMemory, checkpoint, firstPicture, checkpointAdd, loraSwitch, hangfire, skipLocked, cost, backlog, queuedMemory, scaling, idleWorkers }.Parse(args).InvokeAsync();

async Task OnFarmAsync(ParseResult line, Func<TestFarm, Task<string>> measure, CancellationToken cancellationToken)
{
    await using TestFarm farm = line.GetValue(mode) == FarmMode.Embedded
        ? await EmbeddedTestFarm.StartAsync(cancellationToken)
        : await ServerTestFarm.StartAsync(coordinators: 1, workers: 1, threads: 0, cancellationToken);
    await SayAsync(line, await measure(farm), cancellationToken);
}

Task TellAsync(ParseResult line, Report report, IReadOnlyList<(string Name, string Value)> facts, CancellationToken cancellationToken) =>
    SayAsync(line, report.Write(facts), cancellationToken);

async Task SayAsync(ParseResult line, string text, CancellationToken cancellationToken)
{
    Console.Write(text);
    if (line.GetValue(output) is { } file)
    {
        await File.WriteAllTextAsync(file, text, cancellationToken);
    }
}

static Option<int> Number(string name, string description, int usual, int multiple = 1)
{
    var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => usual };
    option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() is var given && (given < 1 || given % multiple != 0))
        {
            result.AddError($"{name} is {given}; allowed: {(multiple == 1 ? "1 or more" : $"{multiple} or a multiple of it")}.");
        }
    });
    return option;
}

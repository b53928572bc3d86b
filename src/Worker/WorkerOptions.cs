using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace RenderFarm.Worker;

/// <summary>Section <c>Worker</c>: what this process renders with.</summary>
public sealed partial class WorkerOptions : IValidatableObject
{
    /// <summary>Stable over restarts and unique on the farm; empty takes the machine's name.</summary>
    public string Name { get; set; } = "";

    /// <summary><c>cpu</c>, <c>cuda:N</c> or <c>tensorrt:N</c>.</summary>
    public string Device { get; set; } = "cpu";

    /// <summary>Folder whose subfolders and .safetensors files are models.</summary>
    public string Models { get; set; } = "models";

    /// <summary>Folder for models of the farm's store, which workers of one machine may share; made if missing. Empty takes none from there.</summary>
    public string ModelCache { get; set; } = "";

    /// <summary>Most that fetched models may take, in GiB; the ones unused for longest are deleted for others.</summary>
    public long ModelCacheGiB { get; set; } = 100;

    /// <summary>Room that the disk of the fetched models must keep, in MiB.</summary>
    public long ModelCacheFreeMiB { get; set; } = 1024;

    /// <summary>Folder of LoRAs, as .safetensors files, in folders of any depth; it need not be there.</summary>
    public string Loras { get; set; } = "loras";

    /// <summary>Where batches are rendered.</summary>
    public WorkerIsolation Isolation { get; set; } = WorkerIsolation.Process;

    /// <summary>How long a render process may go without finishing a step before it counts as hung and is killed; null goes by the times that were measured for the model and size.</summary>
    public TimeSpan? StepTimeout { get; set; }

    /// <summary>Batches rendered at a time.</summary>
    public int Slots { get; set; } = 1;

    /// <summary>Frames that go through the UNet together at most.</summary>
    public int BatchSize { get; set; } = 4;

    /// <summary>Budget for warm pipelines, in MiB; null takes half of the memory that this process may use, on <c>cpu</c>.</summary>
    public long? MemoryBudgetMiB { get; set; }

    /// <summary>CPU threads within one network run; 0 is one per core.</summary>
    public int Threads { get; set; }

    /// <summary>Folder where networks are kept as they were optimised for this processor, so that a model loads faster the next time, weights with LoRAs merged into them, and hashes of files; takes about as much room as the models and <see cref="LoraCacheMiB"/>. Empty keeps none.</summary>
    public string Cache { get; set; } = "";

    /// <summary>Most that weights with LoRAs merged into them may take in the cache, in MiB, those used last; 0 merges in memory.</summary>
    public long LoraCacheMiB { get; set; } = 8192;

    /// <summary>Folder of finished pictures that are not committed yet, made if missing; on a disk that outlives the process.</summary>
    public string Spool { get; set; } = "spool";

    /// <summary>Most that the spool may hold, in MiB; when it is full, nothing more is rendered.</summary>
    public long SpoolMiB { get; set; } = 2048;

    /// <summary>Room that the disk of the spool must keep, in MiB; with less, the worker drains.</summary>
    public long SpoolFreeMiB { get; set; } = 256;

    /// <summary>How often the worker says that it lives; leases last several of these. One that has nothing to do says it a fifth as often.</summary>
    public TimeSpan HeartbeatEvery { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a stopping worker may take to finish and hand back what it holds.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Addresses, joined by ';', at which a worker process of its own answers <c>/healthz</c> and <c>/readyz</c>.</summary>
    public string HealthUrls { get; set; } = "http://127.0.0.1:8081";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Name.Length > 0 && !NamePattern().IsMatch(Name))
        {
            yield return Problem(nameof(Name), $"'{Name}'", "1 to 63 of a-z, 0-9 and '-', starting with a letter or digit, or nothing for the machine's name");
        }

        if (!DevicePattern().IsMatch(Device))
        {
            yield return Problem(nameof(Device), $"'{Device}'", "cpu, cuda:N, tensorrt:N");
        }

        if (!Directory.Exists(Models))
        {
            yield return Problem(nameof(Models), $"'{Path.GetFullPath(Models)}', which is not there", "a folder whose subfolders and .safetensors files are models");
        }

        if (string.IsNullOrWhiteSpace(Spool))
        {
            yield return Problem(nameof(Spool), "empty", "a folder that this user may make and write to");
        }

        if (MemoryBudgetMiB is null && Device != "cpu" && DevicePattern().IsMatch(Device))
        {
            yield return Problem(nameof(MemoryBudgetMiB), $"not set for the device {Device}", "the MiB of its memory that models may take");
        }

        (string Key, bool IsWrong, object Given, string Allowed)[] ranges =
        [
            (nameof(Slots), Slots is < 1 or > 64, Slots, "1 to 64"),
            (nameof(BatchSize), BatchSize is < 1 or > 64, BatchSize, "1 to 64"),
            (nameof(MemoryBudgetMiB), MemoryBudgetMiB is < 1, MemoryBudgetMiB ?? 0, "1 or more"),
            (nameof(LoraCacheMiB), LoraCacheMiB is < 0 or > 1 << 30, LoraCacheMiB, "0 to 1073741824"),
            (nameof(SpoolMiB), SpoolMiB is < 1 or > 1 << 30, SpoolMiB, "1 to 1073741824"),
            (nameof(SpoolFreeMiB), SpoolFreeMiB is < 0 or > 1 << 30, SpoolFreeMiB, "0 to 1073741824"),
            (nameof(ModelCacheGiB), ModelCacheGiB is < 1 or > 1 << 20, ModelCacheGiB, "1 to 1048576"),
            (nameof(ModelCacheFreeMiB), ModelCacheFreeMiB is < 0 or > 1 << 30, ModelCacheFreeMiB, "0 to 1073741824"),
            (nameof(Threads), Threads is < 0 or > 1024, Threads, "0 to 1024"),
            (nameof(HeartbeatEvery), HeartbeatEvery < TimeSpan.FromMilliseconds(100) || HeartbeatEvery > TimeSpan.FromSeconds(5), HeartbeatEvery, "00:00:00.1 to 00:00:05"),
            (nameof(Isolation), !Enum.IsDefined(Isolation), Isolation, "Process, InProcess"),
            (nameof(StepTimeout), StepTimeout < TimeSpan.FromSeconds(1) || StepTimeout > TimeSpan.FromHours(1), StepTimeout ?? TimeSpan.Zero, "00:00:01 to 01:00:00, or nothing for measured times"),
            (nameof(DrainTimeout), DrainTimeout < TimeSpan.FromSeconds(1) || DrainTimeout > TimeSpan.FromHours(1), DrainTimeout, "00:00:01 to 01:00:00"),
        ];
        foreach (var range in ranges.Where(range => range.IsWrong))
        {
            yield return Problem(range.Key, $"{range.Given}", range.Allowed);
        }
    }

    private static ValidationResult Problem(string key, string given, string allowed) =>
        new($"Worker:{key} (RENDERFARM__Worker__{key}) is {given}; allowed: {allowed}.", [key]);

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,62}$")]
    private static partial Regex NamePattern();

    [GeneratedRegex("^(cpu|(cuda|tensorrt):[0-9]{1,3})$")]
    private static partial Regex DevicePattern();
}

/// <summary>Where batches are rendered.</summary>
public enum WorkerIsolation
{
    /// <summary>In a process of its own for each slot: a crash, a hang or a lack of memory costs one batch.</summary>
    Process,

    /// <summary>In the worker's own process, whose slots share their pipelines.</summary>
    InProcess,
}

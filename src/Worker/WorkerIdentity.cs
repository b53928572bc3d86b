using System.Reflection;
using System.Text.RegularExpressions;

namespace RenderFarm.Worker;

/// <summary>What this process is on the farm, fixed when it starts.</summary>
/// <param name="Name">Stable over restarts.</param>
/// <param name="Epoch">Unix milliseconds of the start: a later process of the same name has a higher one.</param>
/// <param name="Device">What it renders on.</param>
/// <param name="Slots">Batches at a time.</param>
/// <param name="BatchSize">Frames of a batch at most.</param>
/// <param name="MemoryBytes">Budget for warm pipelines.</param>
public sealed partial record WorkerIdentity(string Name, long Epoch, string Device, int Slots, int BatchSize, long MemoryBytes)
{
    private const long BytesPerMiB = 1 << 20;

    /// <summary>Program version.</summary>
    public static string Version { get; } =
        typeof(WorkerIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>Leases it may hold: one for each slot and the next one at hand.</summary>
    public int Window => Slots + 1;

    /// <summary>Fills in what the options leave to the machine.</summary>
    public static WorkerIdentity Of(WorkerOptions options, TimeProvider time) => new(
        options.Name.Length > 0 ? options.Name : NameOfMachine(Environment.MachineName),
        time.GetUtcNow().ToUnixTimeMilliseconds(),
        options.Device,
        options.Slots,
        options.BatchSize,
        // Half: the other half is for the activations, the pictures and the program. The number heeds the limits of a container.
        options.MemoryBudgetMiB * BytesPerMiB ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);

    internal static string NameOfMachine(string machine)
    {
        var name = NotInName().Replace(machine.ToLowerInvariant(), "-").Trim('-');
        return name.Length == 0 ? "worker" : name[..Math.Min(63, name.Length)];
    }

    [GeneratedRegex("[^a-z0-9-]+")]
    private static partial Regex NotInName();
}

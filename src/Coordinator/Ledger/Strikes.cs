namespace RenderFarm.Coordinator.Ledger;

/// <summary>What frames of a span or lease have behind them. Only frames with equal strikes are kept together.</summary>
/// <param name="Tries">Times that a worker failed them by its own fault.</param>
/// <param name="Crashes">Render processes that died over them.</param>
/// <param name="Alone">They are rendered one by one.</param>
/// <param name="TriedWorkers">Workers that failed on them, by name, joined by a space; they go elsewhere while there is an elsewhere.</param>
internal readonly record struct Strikes(int Tries, int Crashes, bool Alone, string TriedWorkers)
{
    public static Strikes None { get; } = new(0, 0, false, "");

    /// <summary>Whether this worker has failed on them before.</summary>
    public bool WereTriedBy(string worker) => TriedWorkers.Split(' ').Contains(worker, StringComparer.Ordinal);

    /// <summary>Names without order or repetition, so that equal sets are equal strings.</summary>
    public static string With(string triedWorkers, string worker) =>
        string.Join(' ', triedWorkers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append(worker).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
}

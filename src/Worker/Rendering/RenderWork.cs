using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Rendering;

/// <summary>A batch as a renderer takes it: plain data. All rows ask for the same model.</summary>
/// <param name="Model">Model name.</param>
/// <param name="ModelDigest">Digest that the jobs were accepted for.</param>
/// <param name="ModelBytes">Memory that its pipeline takes.</param>
/// <param name="Offers">The leases that the rows are of.</param>
/// <param name="Rows">The rows.</param>
internal sealed record RenderWork(string Model, string ModelDigest, long ModelBytes, IReadOnlyList<LeaseOffered> Offers, IReadOnlyList<RenderRow> Rows)
{
    /// <summary>Where the model lies; null for the folder of its name below Worker:Models.</summary>
    public string? Folder { get; init; }

    public LeaseOffered OfferOf(int row) => Offers[Rows[row].Offer];
}

/// <summary>One frame of a batch.</summary>
/// <param name="Offer">Index into the batch's offers.</param>
/// <param name="Frame">The frame.</param>
/// <param name="File">Where to leave its picture.</param>
internal sealed record RenderRow(int Offer, LeasedFrame Frame, string File);

/// <summary>What became of a row: it has a picture, or a fault.</summary>
internal sealed record RowResult(int Row, RenderedPicture? Picture, RowFault? Fault);

/// <summary>A picture that lies complete in the row's file and will be there after a power cut.</summary>
/// <param name="Seed">Seed of its noise; of the best of several, the kept one's.</param>
/// <param name="Sha256">Of the file, lower-case hexadecimal.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Score">Of the best of several; null where there was nothing to choose from.</param>
/// <param name="RenderTime">The render time of the rows that went together, over their number.</param>
internal sealed record RenderedPicture(long Seed, string Sha256, long Bytes, int Width, int Height, double? Score, TimeSpan RenderTime);

/// <summary>Why a row has no picture, and whose fault it is.</summary>
/// <param name="Outcome">How its attempt ends.</param>
/// <param name="ErrorClass">Whose fault it is; null for a row that was stopped. A row at fault of its request fails alone, any other ends its lease.</param>
/// <param name="Message">What happened, for people.</param>
/// <param name="Evidence">What a render process left behind that died: exit code or signal, and the tail of what it wrote.</param>
internal sealed record RowFault(AttemptOutcome Outcome, ErrorClass? ErrorClass, string Message, string? Evidence = null)
{
    /// <summary>Whether the disk of the spool is at fault, so that nothing more should be rendered for it.</summary>
    public bool IsOfSpool { get; init; }

    /// <summary>A row that was stopped before it had its picture.</summary>
    public static RowFault Stopped { get; } = new(AttemptOutcome.Released, null, "The rendering was stopped.");

    /// <summary>A row that nobody can render.</summary>
    public static RowFault OfRequest(string message) => new(AttemptOutcome.Failed, Shared.ErrorClass.Request, message);

    /// <summary>The disk did not take the picture, which is nobody's fault.</summary>
    public static RowFault OfDisk(string message) => new(AttemptOutcome.Failed, Shared.ErrorClass.Infrastructure, message) { IsOfSpool = true };

    /// <summary>A fault of this worker.</summary>
    public static RowFault OfWorker(string message) => new(AttemptOutcome.Failed, Shared.ErrorClass.Worker, message);
}

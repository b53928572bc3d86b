using RenderFarm.Shared;
using RenderFarm.Worker.Rendering;

namespace RenderFarm.Worker.ModelCache;

/// <summary>A model of the store is not on this machine and could not be fetched; <see cref="Class"/> says whose fault it is.</summary>
internal sealed class ModelFetchException(ErrorClass @class, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whose fault it is.</summary>
    public ErrorClass Class { get; } = @class;

    /// <summary>Whether the next try may do better: the store was away.</summary>
    public bool IsPassing { get; init; }

    /// <summary>As the rows of a batch are told it.</summary>
    public RowFault Fault => new(AttemptOutcome.Failed, Class, Message);
}

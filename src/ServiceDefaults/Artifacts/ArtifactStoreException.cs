namespace RenderFarm.ServiceDefaults.Artifacts;

/// <summary>The store could not do what it was asked; <see cref="Fault"/> says whether trying again can help.</summary>
public sealed class ArtifactStoreException(ArtifactFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What kind of failure it is.</summary>
    public ArtifactFault Fault { get; } = fault;
}

/// <summary>Kinds of store failures.</summary>
public enum ArtifactFault
{
    /// <summary>Away, overloaded or full: the same call may succeed later.</summary>
    Unavailable,

    /// <summary>Wrong keys, no such bucket, no permission: somebody has to change a setting.</summary>
    Misconfigured,

    /// <summary>There is no object of this key.</summary>
    Missing,
}

namespace RenderFarm.Worker.Leases;

/// <summary>Why a worker takes no leases.</summary>
internal enum Closing
{
    /// <summary>The process ends.</summary>
    Stopping,

    /// <summary>A person asked for it.</summary>
    Asked,

    /// <summary>The disk of the spool is full, or refuses to be written.</summary>
    DiskFull,

    /// <summary>The spool holds as much as it may: the store or the coordinators were away for long.</summary>
    SpoolFull,
}

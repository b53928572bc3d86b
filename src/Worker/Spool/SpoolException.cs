namespace RenderFarm.Worker.Spool;

/// <summary>The folder of the spool cannot be used.</summary>
internal sealed class SpoolException(string folder, Exception inner) : Exception(
    $"Worker:Spool (RENDERFARM__Worker__Spool) is '{folder}', which cannot be used: {inner.Message} Allowed: a folder that this user may make and write to.", inner);

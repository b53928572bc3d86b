namespace RenderFarm.Shared.Protocol;

/// <summary>Object keys: scoped to one attempt, so no two attempts ever write the same object.</summary>
public static class ArtifactKeys
{
    /// <summary><c>{tenant}/{job}/{index}/{attempt}.{format}</c>.</summary>
    public static string For(string tenant, Guid job, long index, Guid attempt, string format) => $"{tenant}/{job:D}/{index}/{attempt:N}.{format}";
}

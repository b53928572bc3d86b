using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace RenderFarm.Coordinator.Dashboard;

/// <summary>The style, scripts and icon that lie inside the assembly, each at an address that changes with its content.</summary>
internal sealed class DashboardFiles
{
    private const string Folder = "dashboard/";
    private const string ForEver = "public, max-age=31536000, immutable";

    private static readonly Dictionary<string, string> ContentTypes = new()
    {
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    private readonly Dictionary<string, DashboardFile> _files = Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
        .Select(Read)
        .ToDictionary(file => file.Name);

    /// <summary>Address relative to the dashboard's base.</summary>
    public string UrlOf(string name) => $"assets/{name}?v={_files[name].Hash}";

    /// <summary>Answers with a file.</summary>
    public IResult Get(HttpContext context, string name, string? v)
    {
        if (!_files.TryGetValue(name, out var file))
        {
            return TypedResults.NotFound();
        }

        var headers = context.Response.Headers;
        headers.CacheControl = v == file.Hash ? ForEver : "no-cache";
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.XContentTypeOptions = "nosniff";
        var takesBrotli = context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal);
        if (takesBrotli)
        {
            headers.ContentEncoding = "br";
        }

        var tag = new EntityTagHeaderValue($"\"{file.Hash}{(takesBrotli ? "-br" : "")}\"");
        return TypedResults.Bytes(takesBrotli ? file.Packed.Value : file.Content, ContentTypes[Path.GetExtension(name)], entityTag: tag);
    }

    private static DashboardFile Read(string resource)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new DashboardFile(resource[Folder.Length..], content, Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8)), new Lazy<byte[]>(() => Pack(content)));
    }

    private static byte[] Pack(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Optimal))
        {
            brotli.Write(content);
        }

        return packed.ToArray();
    }

    private sealed record DashboardFile(string Name, byte[] Content, string Hash, Lazy<byte[]> Packed);
}

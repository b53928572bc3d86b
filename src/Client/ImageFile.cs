using System.Security.Cryptography;
using RenderFarm.Shared.Api;

namespace RenderFarm.Client;

/// <summary>Saves images so that a file of the final name is always whole: written aside, checked, then renamed.</summary>
internal sealed class ImageFile(FarmConnection connection, TimeProvider time)
{
    private const int Tries = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public async Task SaveAsync(FrameView frame, string path, CancellationToken cancellationToken)
    {
        if (frame is not { Image: { } address, Sha256: { } wanted })
        {
            throw new RenderFarmException($"Frame {frame.Index} has no image: it is {frame.State}.", null);
        }

        var aside = $"{path}.part";
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var fault = await FetchAsync(address, wanted, aside, cancellationToken).ConfigureAwait(false);
                if (fault is null)
                {
                    File.Move(aside, path, overwrite: true);
                    return;
                }

                if (attempt == Tries)
                {
                    throw new RenderFarmException($"The image of frame {frame.Index} cannot be fetched: {fault.Message}", fault);
                }

                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            File.Delete(aside);
        }
    }

    /// <summary>Answers what went wrong if another try may help.</summary>
    private async Task<Exception?> FetchAsync(string address, string wanted, string aside, CancellationToken cancellationToken)
    {
        using var response = await connection.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, address), cancellationToken).ConfigureAwait(false);
        await using var file = new FileStream(aside, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        try
        {
            await response.Content.CopyToAsync(file, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException cut)
        {
            return cut;
        }

        file.Position = 0;
        var given = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false));
        return given == wanted ? null : new InvalidDataException($"its checksum is {given}, not {wanted}.");
    }
}

using System.Text.Json;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>How many frames of a job fit into one offer: the message holds their distinct prompts and stays under 64 KiB.</summary>
internal static class OfferSize
{
    /// <summary>Frames of one offer at most, however short the prompts are.</summary>
    public const int MaxFrames = 64;

    // Beside the prompts an envelope holds a negative prompt of up to 24 KB, LoRAs of up to 10 KB, 64 frames of 45 bytes, and 3 KB of settings and headers.
    private const int PromptBytes = 24 * 1024;

    /// <summary>Frames of one offer at most, for frames that show each of the prompts <paramref name="count"/> times in a row.</summary>
    public static int For(IReadOnlyList<string> prompts, long count)
    {
        if (prompts.Count <= 1)
        {
            return MaxFrames;
        }

        // As the wire has them: every character outside ASCII is six bytes there.
        var longest = prompts.Max(prompt => JsonSerializer.SerializeToUtf8Bytes(prompt).Length);
        var distinct = Math.Max(1, PromptBytes / longest);
        // A range that starts inside one prompt's frames touches one prompt more than it holds whole.
        return (int)Math.Min(MaxFrames, Math.Max(1, ((distinct - 1) * Math.Min(count, MaxFrames)) + 1));
    }
}

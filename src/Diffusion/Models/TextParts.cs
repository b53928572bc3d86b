using RenderFarm.Diffusion.Tokenization;

namespace RenderFarm.Diffusion.Models;

/// <summary>One text encoder of a folder with its tokenizer.</summary>
internal sealed record TextParts(string NetworkFile, ClipTokenizer Tokenizer, TextConfig Config, OnnxSignature Network)
{
    /// <summary>Whether the UNet is conditioned on the layer before the last.</summary>
    public bool ReadsPenultimate { get; init; }

    /// <summary>Whether the UNet also takes this encoder's vector for the whole text.</summary>
    public bool IsPooled { get; init; }

    public OnnxValue InputIds => Network.Input(NetworkFiles.InputIds)!;

    /// <summary>How many layers may be left out before one has no output of its own.</summary>
    public int MaxClipSkip => Enumerable.Range(1, Config.Layers - 1)
        .TakeWhile(skip => Network.Output(HiddenOutput(skip)) is not null)
        .LastOrDefault();

    /// <summary>The output to condition on. SDXL takes the layer before the last as it is; the others take the last one through the final norm.</summary>
    public string HiddenOutput(int clipSkip) => (ReadsPenultimate, clipSkip) switch
    {
        (true, _) => NetworkFiles.HiddenState(Config.Layers - 1 - clipSkip),
        (false, 0) => NetworkFiles.LastHiddenState,
        (false, _) => NetworkFiles.NormedHiddenState(Config.Layers - clipSkip),
    };

    /// <summary>The output that stands for the whole text, where the export has one; two names are in use.</summary>
    public OnnxValue? Pooled => Network.Output(NetworkFiles.PooledText) ?? Network.Output(NetworkFiles.PoolerOutput);
}

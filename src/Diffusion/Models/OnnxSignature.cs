namespace RenderFarm.Diffusion.Models;

/// <summary>The names, element types and ranks of a network's inputs and outputs, and the element type that most of its weights have.</summary>
internal sealed record OnnxSignature(IReadOnlyList<OnnxValue> Inputs, IReadOnlyList<OnnxValue> Outputs, OnnxElement Weights)
{
    /// <summary>The files beside the network's own that its weights lie in.</summary>
    public IReadOnlyList<string> DataFiles { get; init; } = [];

    public OnnxValue? Input(string name) => Inputs.FirstOrDefault(value => value.Name == name);

    public OnnxValue? Output(string name) => Outputs.FirstOrDefault(value => value.Name == name);
}

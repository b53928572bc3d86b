using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Onnx;

namespace RenderFarm.Diffusion.Models;

/// <summary>Where a model's networks come from. They are named by <see cref="NetworkFiles"/>, whatever holds them.</summary>
internal interface INetworks
{
    /// <summary>Whether a network as it was optimised is worth a place on disk, where it takes as much as all its weights.</summary>
    bool KeepsOptimized { get; }

    bool Has(string network);

    /// <summary>What a network takes on a device, estimated from its weights; 0 where it is not there.</summary>
    long BytesOf(string network);

    /// <exception cref="ModelFolderException">The network cannot be read.</exception>
    OnnxGraphFile Read(string network);
}

/// <summary>Networks as files of a folder.</summary>
internal sealed class FolderNetworks(string folder) : INetworks
{
    public bool KeepsOptimized => true;

    public bool Has(string network) => File.Exists(PathOf(network));

    public long BytesOf(string network) => Has(network) ? ModelReader.BytesOf(PathOf(network)) : 0;

    public OnnxGraphFile Read(string network) => OnnxGraphFile.Read(PathOf(network));

    private string PathOf(string network) => Path.Combine(folder, network.Replace('/', Path.DirectorySeparatorChar));
}

/// <summary>A model's networks with the autoencoder of another.</summary>
internal sealed class MixedNetworks(INetworks model, INetworks vae) : INetworks
{
    public bool KeepsOptimized => model.KeepsOptimized;

    public bool Has(string network) => Of(network).Has(network);

    public long BytesOf(string network) => Of(network).BytesOf(network);

    public OnnxGraphFile Read(string network) => Of(network).Read(network);

    private INetworks Of(string network) => NetworkFiles.IsVae(network) ? vae : model;
}

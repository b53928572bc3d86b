namespace RenderFarm.Diffusion.Models.Reading;

/// <summary>A model with the autoencoder of another folder.</summary>
internal static class OtherVae
{
    private static readonly string[] Networks = [NetworkFiles.VaeDecoder, NetworkFiles.VaeEncoder];

    /// <summary>Checks that the autoencoder fits, and throws <see cref="ModelFolderException"/> where it does not.</summary>
    public static ModelFolder Of(ModelFolder model, string folder, bool verifyDigest, FileHashes hashes, CancellationToken ct)
    {
        var problems = new ProblemList(Path.GetFullPath(folder));
        if (!Directory.Exists(problems.Folder))
        {
            throw new ModelFolderException(problems.Folder, ".", "The folder does not exist.", $"Give the path of a folder that holds {NetworkFiles.VaeDecoder}.");
        }

        // 1. Its parts, 2. whether they fit, 3. its files' digests.
        var vae = VaeConfig.Read(problems);
        var decoder = NetworkRules.ReadDecoder(problems);
        var encoder = NetworkRules.ReadEncoder(problems);
        if (vae is not null && vae != model.Parts.Vae)
        {
            problems.Add(VaeConfig.File, $"It is a VAE of {Words(vae)}; {model.Name} needs one of {Words(model.Parts.Vae)}.", "Use a VAE of the same family.");
        }

        string[] files = [.. Networks.Where(file => File.Exists(problems.PathOf(file)))];
        var digest = ModelDigest.Read(problems, [VaeConfig.File, .. files, .. ModelReader.DataOf(NetworkFiles.VaeDecoder, decoder), .. ModelReader.DataOf(NetworkFiles.VaeEncoder, encoder)], verifyDigest, hashes, ct);
        if (problems.Count > 0)
        {
            throw new ModelFolderException(problems.Folder, problems.Problems);
        }

        var both = ModelDigest.Of(new Dictionary<string, string>(StringComparer.Ordinal) { ["model"] = model.Digest, ["vae"] = digest });
        var own = Networks.Sum(model.Networks.BytesOf);
        return new ModelFolder(
            model.Path,
            both,
            model.WeightBytes - own + files.Sum(file => ModelReader.BytesOf(problems.PathOf(file))),
            model.Parts with { DecoderNetwork = decoder!, EncoderNetwork = encoder },
            new MixedNetworks(model.Networks, new FolderNetworks(problems.Folder)));
    }

    private static string Words(VaeConfig vae) => FormattableString.Invariant($"{vae.LatentChannels} latent channels, 1/{vae.Factor} of the sides and scaling_factor {vae.ScalingFactor}");
}

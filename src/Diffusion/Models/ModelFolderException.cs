namespace RenderFarm.Diffusion.Models;

/// <summary>A model folder that cannot be used, with every problem that was found in it.</summary>
public sealed class ModelFolderException : Exception
{
    public ModelFolderException(string folder, IReadOnlyList<ModelProblem> problems, Exception? inner = null)
        : base($"The model folder '{folder}' cannot be used. {string.Join(" ", problems)}", inner)
    {
        Folder = folder;
        Problems = problems;
    }

    public ModelFolderException(string folder, string file, string problem, string fix, Exception? inner = null)
        : this(folder, [new ModelProblem(file, problem, fix)], inner)
    {
    }

    /// <summary>The model folder.</summary>
    public string Folder { get; }

    /// <summary>Everything that is wrong, in the order of the folder's layout.</summary>
    public IReadOnlyList<ModelProblem> Problems { get; }

    /// <summary>The file of the first problem.</summary>
    public string File => Problems[0].File;

    /// <summary>What is wrong with it.</summary>
    public string Problem => Problems[0].Problem;

    /// <summary>What to do about it.</summary>
    public string Fix => Problems[0].Fix;
}

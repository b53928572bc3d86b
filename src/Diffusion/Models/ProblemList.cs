namespace RenderFarm.Diffusion.Models;

/// <summary>Collects what is wrong with one folder while its parts are read.</summary>
internal sealed class ProblemList(string folder)
{
    private readonly List<ModelProblem> _problems = [];

    public string Folder { get; } = folder;

    public IReadOnlyList<ModelProblem> Problems => _problems;

    public int Count => _problems.Count;

    public void Add(string file, string problem, string fix) => _problems.Add(new ModelProblem(file, problem, fix));

    public string PathOf(string file) => Path.Combine(Folder, file.Replace('/', Path.DirectorySeparatorChar));
}

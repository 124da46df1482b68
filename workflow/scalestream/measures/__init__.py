"""Whether Pre is the feature of In at a larger scale: by activations on images, and by weights; beside the paper's criteria."""
